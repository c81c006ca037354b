import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type GroupAction,
  type GroupActor,
  groupActions,
  groupActors,
  mayInGroup,
} from '../../../policy/groups.ts';
import { type Answer, doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

/** What stands before each attempt: who is in the group by role, one more member, and one who asks to join. */
interface Scene {
  readonly people: People;
  readonly gid: string;
  /** Asks as the actor. */
  ask(name: string, input?: object): Promise<Answer>;
  send(type: string, body: object, more?: object): Promise<Answer>;
  /** The actor's own uid. */
  readonly uid: string;
}

/** An attempt at each action of the table; a new action has to have one. */
const attempts: Record<GroupAction, (scene: Scene) => Promise<Answer>> = {
  read: ({ ask, gid }) => ask('history', { conv: `g:${gid}` }),
  send: ({ send }) => send('text', { text: 'hi' }),
  async 'send-when-muted'({ people, gid, send }) {
    await people.data('owner', 'groups.update', { gid, muted: true });
    return send('text', { text: 'hi' });
  },
  'mention-all': ({ send }) => send('text', { text: 'hi' }, { mentions: ['@all'] }),
  pin: ({ send }) => send('pin', { target: 2, on: true }),
  'recall-others': ({ send }) => send('recall', { target: 2 }),
  get: ({ ask, gid }) => ask('groups.get', { gid }),
  'members.list': ({ ask, gid }) => ask('groups.members.list', { gid }),
  'members.add': ({ ask, gid }) => ask('groups.members.add', { gid, uids: ['asker'] }),
  'members.remove': ({ ask, gid }) => ask('groups.members.remove', { gid, uid: 'other' }),
  'members.mute': ({ ask, gid, people }) =>
    ask('groups.members.update', { gid, uid: 'other', mutedUntil: people.api.now() + 60_000 }),
  'roles.change': ({ ask, gid }) => ask('groups.members.update', { gid, uid: 'other', role: 'admin' }),
  'nick.own': ({ ask, gid, uid }) => ask('groups.members.update', { gid, uid, nick: 'me' }),
  'nick.others': ({ ask, gid }) => ask('groups.members.update', { gid, uid: 'other', nick: 'them' }),
  'settings.update': ({ ask, gid }) =>
    ask('groups.update', { gid, name: 'New', join: 'invite', muted: true }),
  announcement: ({ ask, gid }) => ask('groups.update', { gid, announcement: 'Hear!' }),
  async invite({ ask, gid }) {
    const made = await ask('groups.invite', { gid });
    const listed = await ask('groups.invites.list', { gid });
    assert.equal(listed.code, made.code);
    return made;
  },
  async 'requests.decide'({ ask, gid }) {
    const listed = await ask('groups.requests', { gid });
    const declined = await ask('groups.requests.decline', { gid, uid: 'asker' });
    assert.equal(declined.code, listed.code);
    const accepted = await ask('groups.requests.accept', { gid, uid: 'asker2' });
    assert.equal(accepted.code, listed.code);
    return accepted;
  },
  transfer: ({ ask, gid }) => ask('groups.members.update', { gid, uid: 'other', role: 'owner' }),
  dissolve: ({ ask, gid }) => ask('groups.dissolve', { gid }),
  leave: ({ ask, gid }) => ask('groups.leave', { gid }),
  async join({ people, ask, gid }) {
    await people.data('owner', 'groups.update', { gid, join: 'open' });
    return ask('groups.join', { gid });
  },
};

const toMembers = ['auth.forbidden', 'send.not-allowed', 'send.muted', 'group.owner'];
const toOthers = ['group.not-found', 'conversation.not-found', 'send.not-member', 'user.not-found'];

/** What concerns oneself alone an application's backend does as its token's user, who is nobody here. */
const expects = (actor: GroupActor, action: GroupAction): boolean =>
  mayInGroup(actor, action) || (actor === 'system' && mayInGroup('outsider', action));

for (const door of doors) {
  describe(`permissions in groups over ${door.name}`, () => {
    let people: People;
    let admin: string;
    before(async () => {
      const uids = ['owner', 'admin', 'member', 'outsider', 'other', 'asker', 'asker2'];
      people = await startPeople(door, uids, { limits: { requestPerSecond: 0, groupPerHour: 0 } });
      admin = await people.admin();
    });
    after(() => people.api.stop());

    async function scene(actor: GroupActor): Promise<Scene> {
      const gid = await people.group('owner', ['admin', 'member', 'other'], { join: 'approve' });
      await people.send('other', `g:${gid}`, 'first');
      await people.api.directory.changeGroup(gid, async (change) => {
        await change.updateMember('admin', { role: 'admin' });
        for (const uid of ['asker', 'asker2']) await change.request(uid, 1);
      });
      people.api.publish({ type: 'stale', group: gid });
      const ask: Scene['ask'] = (name, input) =>
        actor === 'system' ? people.ask(name, input ?? {}, admin) : people.as(actor, name, input);
      return {
        people,
        gid,
        ask,
        send: (type, body, more = {}) =>
          ask('messages.send', { conv: `g:${gid}`, id: 'mine', type, body, ...more }),
        uid: actor === 'system' ? 'operator' : actor,
      };
    }

    for (const action of groupActions)
      for (const actor of groupActors)
        it(`${expects(actor, action) ? 'allow' : 'refuse'} ${actor}: ${action}`, async () => {
          const { code } = await attempts[action](await scene(actor));
          if (expects(actor, action)) assert.equal(code, undefined);
          else
            assert.ok(
              (actor === 'outsider' || actor === 'system' ? toOthers : toMembers).includes(code!),
              code,
            );
        });
  });
}
