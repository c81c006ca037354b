import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openSqliteDirectory } from '../../store/directory/sql/sqlite.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
const uids = Array.from({ length: 3000 }, (_, i) => `member${i}`);

before(async () => {
  const directory = await openSqliteDirectory({ dir: petrel.dataDir });
  await directory.ensureUsers(uids, 1);
  await directory.close();
  await petrel.start();
});
after(() => petrel.remove());

interface Event {
  readonly seq: number;
  readonly body: { readonly action: string; readonly uids: readonly string[] };
}

const memberCount = async (user: User, gid: string): Promise<number> =>
  (await user.api.get<{ memberCount: number }>(`/groups/${gid}`)).body.memberCount;

/** Who was added, as the group's events tell it. */
async function named(user: User, gid: string): Promise<string[]> {
  const { body } = await user.api.get<{ events: Event[] }>(`/conversations/g:${gid}/messages?limit=500`);
  assert.deepEqual(
    body.events.map(({ seq }) => seq),
    body.events.map((_, i) => i + 1),
  );
  return body.events.slice(1).flatMap((event) => event.body.uids);
}

describe('a server that is killed while many members are added', () => {
  for (const steps of [1, 3, 6])
    it(`tells of all who came, once, when it is there again, and takes the rest (after ${steps} steps)`, async () => {
      const alice = await petrel.user('alice');
      const gid = await alice.createGroup([]);
      const add = () => alice.api.post<{ memberCount: number }>(`/groups/${gid}/members`, { uids });
      const adding = add().catch(() => undefined);
      await until('the first steps', async () => (await memberCount(alice, gid)) > 500 * steps);
      await petrel.kill();
      await adding;
      await petrel.start();
      const told = await until('the events of all who came', async () => {
        const found = await named(alice, gid);
        return found.length === (await memberCount(alice, gid)) - 1 ? found : undefined;
      });
      assert.ok(told.length >= 500 * steps);
      assert.equal((await add()).body.memberCount, 3001);
      assert.deepEqual((await named(alice, gid)).sort(), [...uids].sort());
    });
});
