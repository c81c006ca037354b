import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { directConv, type EventDocument } from '../../../schemas/event.ts';
import { createClient } from '../../../sdk/node.ts';
import { Petrel } from '../../support/petrel.ts';
import { within } from '../../support/until.ts';
import type { User } from '../../support/user.ts';

const program = fileURLToPath(new URL('./sender-process.js', import.meta.url));

/** The ids of a conversation's messages, in order. */
async function idsOf(user: User, conv: string): Promise<string[]> {
  const ids: string[] = [];
  for (let seq = 0; ; ) {
    const path = `/conversations/${conv}/messages?limit=500&after=${seq}`;
    const { status, body } = await user.api.get<{ events: EventDocument[]; more: boolean }>(path);
    assert.equal(status, 200);
    ids.push(...body.events.map(({ id }) => id));
    seq = body.events.at(-1)?.seq ?? seq;
    if (!body.more) return ids;
  }
}

describe('an outbox and its server', () => {
  const petrel = new Petrel();
  before(async () => {
    await petrel.start();
    petrel.keepPorts();
  });
  after(() => petrel.remove());

  it('store each message once and in order, though the server is killed in the middle', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const client = await createClient({ url: petrel.url('http'), token: async () => alice.token });
    const ids: string[] = [];
    const stored: Promise<{ seq: number }>[] = [];
    const send = async (): Promise<void> => {
      const id = `m-${ids.length}`;
      ids.push(id);
      for (const to of [{ uid: bob.uid }, { gid }])
        stored.push((await client.conversation(to).send({ id, body: { text: id } })).stored);
    };
    for (let kills = 0; kills < 2; kills++) {
      for (let i = 0; i < 40; i++) await send();
      // In the middle: some are acknowledged, some are on their way.
      await within('an acknowledgement', stored.at(-50)!, 60_000);
      await petrel.kill();
      for (let i = 0; i < 10; i++) await send();
      await petrel.start();
      client.reconnect();
    }
    await within('all that was sent', Promise.all(stored), 60_000);
    assert.equal(client.waiting.value, 0);
    assert.deepEqual(await idsOf(alice, directConv(alice.uid, bob.uid)), ids);
    const group = await idsOf(alice, `g:${gid}`);
    assert.deepEqual(
      group.filter((id) => id.startsWith('m-')),
      ids,
    );
    await client.close();
  });

  it('store once and in order what a program has kept in a file, though it is killed in the middle', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const folder = await mkdtemp(join(tmpdir(), 'petrel-outbox-'));
    const kept: string[] = [];
    /** Runs the program; kills it when it has kept so many more. */
    const run = async (round: number, count: number, killAt: number): Promise<void> => {
      const path = join(folder, 'client.data');
      const args = [petrel.url('http'), alice.token, path, bob.uid, round, count].map(String);
      const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'close');
      let said = '';
      child.stdout.on('data', (text: Buffer) => {
        said += text.toString();
        if (said.split('\n').length > killAt) child.kill('SIGKILL');
      });
      const [code] = (await within('the end of the program', ended, 60_000)) as [number | null];
      kept.push(...said.split('\n').slice(0, -1));
      assert.equal(code, killAt < count ? null : 0);
    };
    try {
      for (const [round, killAt] of [3, 25].entries()) await run(round, 40, killAt);
      await run(9, 5, 40);
      const ids = await idsOf(alice, directConv(alice.uid, bob.uid));
      assert.deepEqual(new Set(ids).size, ids.length, 'nothing twice');
      assert.deepEqual(
        kept.filter((id) => !ids.includes(id)),
        [],
        'nothing lost',
      );
      const order = (id: string): number => Number(id[1]) * 1000 + Number(id.split('-')[1]);
      assert.deepEqual(
        ids,
        ids.toSorted((a, b) => order(a) - order(b)),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
