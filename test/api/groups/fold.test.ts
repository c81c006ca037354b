import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { depart } from '../../../api/groups/depart.ts';
import type { Group } from '../../../store/directory.ts';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

const uids = ['alice', 'bob', 'carol', 'dave', 'erin'];
const far = 9_000_000_000_000_000;

interface FoldedMember {
  role: string;
  nick?: string;
  mutedUntil: number;
  since: number;
}

interface Folded {
  settings: Record<string, unknown>;
  owner: string;
  members: Map<string, FoldedMember>;
}

interface Stored {
  readonly seq: number;
  readonly body: Record<string, unknown> & { readonly action: string };
}

/** What a client knows of a group that only reads its events. */
function fold(events: readonly Stored[]): Folded {
  const group: Folded = {
    settings: { join: 'invite', muted: false, history: 'joined' },
    owner: '',
    members: new Map(),
  };
  const { members } = group;
  for (const { seq, body } of events) {
    const {
      action,
      uids: named = [],
      uid,
      by: _,
      ...rest
    } = body as typeof body & { uids?: string[]; uid?: string };
    const each = (change: (member: FoldedMember) => void) => {
      for (const one of named) change(members.get(one)!);
    };
    const set = () => {
      for (const [name, value] of Object.entries(rest))
        if (value === null) delete group.settings[name];
        else group.settings[name] = value;
    };
    switch (action) {
      case 'created':
        set();
        group.owner = named[0]!;
        for (const one of named)
          members.set(one, { role: one === group.owner ? 'owner' : 'member', mutedUntil: 0, since: 1 });
        break;
      case 'updated':
        set();
        if (rest.history === 'all') for (const member of members.values()) member.since = 1;
        break;
      case 'owner':
        members.get(group.owner)!.role = 'admin';
        Object.assign(members.get(uid!)!, { role: 'owner', mutedUntil: 0 });
        group.owner = uid!;
        break;
      case 'added':
      case 'joined':
        for (const one of named) {
          assert.equal(members.has(one), false, `${one} is a member already`);
          members.set(one, {
            role: 'member',
            mutedUntil: 0,
            since: group.settings.history === 'all' ? 1 : seq,
          });
        }
        break;
      case 'left':
      case 'removed':
        for (const one of named) assert.ok(members.delete(one), `${one} is no member`);
        break;
      case 'role':
      case 'muted':
        each((member) => Object.assign(member, rest));
        break;
      case 'unmuted':
        each((member) => Object.assign(member, { mutedUntil: 0 }));
        break;
      case 'nick':
        each((member) => {
          if (rest.nick === null) delete member.nick;
          else member.nick = rest.nick as string;
        });
        break;
      default:
        assert.fail(action);
    }
  }
  return group;
}

const someone = fc.constantFrom(...uids);
const asker = fc.constantFrom(...uids, 'system');
const wish = (more: fc.Arbitrary<object>) =>
  fc.tuple(fc.constant('groups.members.update'), asker, someone, more);
const step = fc.oneof(
  fc.tuple(
    fc.constant('groups.update'),
    asker,
    someone,
    fc.oneof(
      fc.record({ join: fc.constantFrom('open', 'approve', 'invite') }),
      fc.record({ history: fc.constantFrom('all', 'joined') }),
      fc.record({ avatar: fc.constantFrom(null, 'a', 'b'), muted: fc.boolean() }),
      fc.record({ announcement: fc.constantFrom(null, 'hear'), name: fc.constantFrom('x', 'y') }),
    ),
  ),
  fc.tuple(
    fc.constantFrom('groups.members.remove', 'groups.requests.accept', 'groups.requests.decline'),
    asker,
    someone,
    fc.constant({}),
  ),
  fc.tuple(fc.constantFrom('groups.join', 'groups.leave', 'depart'), someone, someone, fc.constant({})),
  fc
    .uniqueArray(someone, { minLength: 1 })
    .chain((named) =>
      fc.tuple(fc.constant('groups.members.add'), asker, someone, fc.constant({ uids: named })),
    ),
  wish(fc.record({ role: fc.constantFrom('owner', 'admin', 'member') })),
  wish(fc.record({ mutedUntil: fc.constantFrom(null, far, far + 1), nick: fc.constantFrom(null, 'n') })),
);

describe('a group, whatever its members do to it, also at once', () => {
  let people: People;
  before(async () => {
    people = await startPeople(doors[1]!, uids, {
      limits: { requestPerSecond: 0, groupPerHour: 0 },
      groups: { maxMembers: 4 },
    });
  });
  after(() => people.api.stop());

  it('is what its events say, and has one owner', async () => {
    const admin = await people.admin();
    const { directory, groupEvents, timeline, now } = people.api;
    const run = async (gid: string, [name, as, uid, more]: readonly [string, string, string, object]) => {
      if (name === 'depart') {
        // A group in which nobody else is would end with its owner.
        if (
          (await directory.getGroup(gid))!.memberCount > 1 ||
          (await directory.getMember(gid, as))?.role !== 'owner'
        )
          await depart({ directory, groupEvents, clock: now }, gid, as);
        return;
      }
      const needsUid = /members\.(update|remove)|requests/.test(name);
      const input = { gid, ...(needsUid && { uid }), ...more };
      const { code } = await (as === 'system' ? people.ask(name, input, admin) : people.as(as, name, input));
      assert.notEqual(code, 'server.error');
      assert.notEqual(code, 'request.invalid');
    };
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(someone, { maxLength: 3 }),
        fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 4, maxLength: 20 }),
        async (members, rounds) => {
          const gid = await people.group(
            'alice',
            members.filter((uid) => uid !== 'alice'),
            { join: 'open' },
          );
          for (const round of rounds) await Promise.all(round.map((one) => run(gid, one)));
          const group = await directory.getGroup(gid);
          // Two who depart at once may be the last.
          if (group === undefined) return;
          const stored = await timeline.range({ conv: `g:${gid}`, after: 0, limit: 1000 });
          const folded = fold(
            stored.map(({ seq, raw }) => ({ seq, body: JSON.parse(Buffer.from(raw).toString()).body })),
          );
          const found = await directory.listMembers(gid, '', 100);
          const table = new Map(
            found.map(({ uid, gid: _, joinedAt: __, ...member }) => [uid, member] as const),
          );
          const { gid: _, owner, memberCount, createdAt: __, ...settings } = group as Group;
          assert.deepEqual([...table].sort(), [...folded.members].sort());
          assert.deepEqual(settings, folded.settings);
          assert.equal(owner, folded.owner);
          assert.equal(memberCount, found.length);
          assert.ok(memberCount <= 4);
          assert.deepEqual(
            found.filter(({ role }) => role === 'owner').map(({ uid }) => uid),
            [owner],
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
