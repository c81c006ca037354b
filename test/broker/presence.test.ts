import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readPublish } from '../../broker/gate/publish.ts';
import { Reader } from '../../broker/gate/reader.ts';
import type { FrameBuilder, Session } from '../../broker/hub/session.ts';
import { LocalStates } from '../../broker/presence/local.ts';
import { Presence } from '../../broker/presence.ts';
import type { Platform } from '../../schemas/identity.ts';
import type { Bus } from '../../store/bus.ts';
import type { Absence } from '../../store/directory.ts';
import { createMemoryBus } from '../../store/state/memory/bus.ts';
import { until } from '../support/until.ts';

/** What a watcher was sent. */
interface Told {
  readonly retain: boolean;
  readonly online: boolean;
  readonly ts: number;
  readonly platforms?: readonly string[];
  readonly status?: unknown;
}

class FakeSession {
  readonly user: { readonly uid: string };
  readonly platform: Platform | undefined;
  readonly link = { version: 4 };
  closed = false;
  readonly told: Told[] = [];

  constructor(uid: string, platform?: Platform) {
    this.user = { uid };
    this.platform = platform;
  }

  sendAside(build: FrameBuilder, _qos: number): void {
    const frame = build(0);
    const reader = new Reader(frame, 1, frame.length);
    reader.varint();
    const body = new Reader(frame, reader.at, frame.length);
    const { payload, retain } = readPublish(body, frame[0]! & 0x0f, 4, { maximum: 0, topics: new Map() });
    const { uid: _uid, ...state } = JSON.parse(payload.toString()) as Omit<Told, 'retain'> & { uid: string };
    this.told.push({ retain, ...state });
  }

  get as(): Session {
    return this as unknown as Session;
  }
}

describe('presence', () => {
  let bus: Bus;
  let sessions: FakeSession[];
  let absences: Map<string, Absence>;
  let reads: number;
  let refused: Set<string>;
  let hidden: Set<string>;
  let now: number;
  let states: LocalStates;
  let presence: Presence;

  const start = () => {
    const sessionsOf = (uid: string) => sessions.filter(({ user }) => user.uid === uid).map(({ as }) => as);
    const directory = {
      async absences(uids: readonly string[]) {
        reads++;
        return new Map(uids.flatMap((uid) => (absences.has(uid) ? [[uid, absences.get(uid)!]] : [])));
      },
      async putStatus(uid: string, status: string, at: number) {
        absences.set(uid, { lastSeen: 0, hiddenAt: 0, ...absences.get(uid), status, statusAt: at });
      },
    };
    states = new LocalStates({ sessionsOf, directory, now: () => now, graceMs: 20 });
    presence = new Presence({
      ...{ states, sessionsOf, directory },
      sight: {
        maySee: async (watcher, uid) => watcher === uid || !refused.has(`${watcher}>${uid}`),
        isHidden: async (uid) => hidden.has(uid),
      },
      bus,
      now: () => now,
      onError: assert.ifError,
    });
  };

  beforeEach(() => {
    bus = createMemoryBus((error) => {
      throw error;
    });
    [sessions, absences, reads, refused, hidden, now] = [[], new Map(), 0, new Set(), new Set(), 1000];
    start();
  });
  afterEach(() => presence.close());

  const connect = (uid: string, platform?: Platform): FakeSession => {
    const session = new FakeSession(uid, platform);
    sessions.push(session);
    states.changed(uid);
    return session;
  };
  const end = (session: FakeSession): void => {
    session.closed = true;
    sessions = sessions.filter((one) => one !== session);
    presence.leave(session.as);
    states.changed(session.user.uid);
  };
  const watch = async (session: FakeSession, uid: string, more: object = {}): Promise<boolean> => {
    const send = await presence.watch(session.as, uid, { filter: `presence/${uid}`, qos: 0, ...more });
    send?.();
    return send !== undefined;
  };
  /** The next state the watcher is told. */
  const next = async (session: FakeSession): Promise<Told> => {
    await until('a state', () => session.told.length > 0, 2000);
    return session.told.shift()!;
  };
  /** What was under way is done. */
  const rest = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };

  it('lists the platforms of all connections, each once; one that goes and comes back is no news', async () => {
    const watcher = connect('ann');
    connect('bob', 'web');
    await watch(watcher, 'bob');
    assert.deepEqual(await next(watcher), { retain: true, online: true, ts: 1000, platforms: ['web'] });
    now = 2000;
    const mobile = connect('bob', 'mobile');
    assert.deepEqual((await next(watcher)).platforms, ['web', 'mobile']);
    connect('bob', 'web');
    connect('bob');
    end(mobile);
    const again = connect('bob', 'mobile');
    await rest();
    assert.deepEqual(watcher.told, []);
    end(again);
    assert.deepEqual(await next(watcher), { retain: false, online: true, ts: 1000, platforms: ['web'] });
  });

  it('is offline since the last connection went, once it is clear that it does not come back', async () => {
    const watcher = connect('ann');
    const [one, two] = [connect('bob', 'web'), connect('bob', 'web')];
    await watch(watcher, 'bob');
    await next(watcher);
    now = 3000;
    end(one);
    now = 4000;
    end(two);
    now = 9000;
    assert.deepEqual(await next(watcher), { retain: false, online: false, ts: 4000 });
    now = 9500;
    connect('bob');
    assert.deepEqual(await next(watcher), { retain: false, online: true, ts: 9500, platforms: [] });
  });

  it('knows from the directory when a user was seen last; many are read at once', async () => {
    const watcher = connect('ann');
    for (const uid of ['bob', 'carl', 'dora']) absences.set(uid, { lastSeen: 77, statusAt: 0, hiddenAt: 0 });
    absences.set('dora', { lastSeen: 77, status: 'asleep', statusAt: 78, hiddenAt: 0 });
    absences.set('eli', { lastSeen: 79, status: 'asleep', statusAt: 78, hiddenAt: 0 });
    await Promise.all(['bob', 'carl', 'dora', 'eli', 'flo'].map((uid) => watch(watcher, uid)));
    assert.equal(reads, 1);
    assert.deepEqual(watcher.told, [
      { retain: true, online: false, ts: 77 },
      { retain: true, online: false, ts: 77 },
      { retain: true, online: false, ts: 77, status: 'asleep' },
      { retain: true, online: false, ts: 79 },
      { retain: true, online: false, ts: 1000 },
    ]);
  });

  it('tells the watchers when they may no longer see it, and when they may again', async () => {
    const [ann, cid] = [connect('ann'), connect('cid')];
    connect('bob', 'web');
    for (const watcher of [ann, cid]) {
      await watch(watcher, 'bob');
      await next(watcher);
    }
    refused.add('ann>bob');
    now = 5000;
    bus.publish({ type: 'stale', user: 'bob' });
    assert.deepEqual(await next(ann), { retain: false, online: false, ts: 5000 });
    bus.publish({ type: 'stale', user: 'bob' });
    connect('bob', 'mobile');
    assert.deepEqual((await next(cid)).platforms, ['web', 'mobile']);
    await rest();
    assert.deepEqual(ann.told, []);
    refused.clear();
    bus.publish({ type: 'stale', user: 'ann' });
    assert.deepEqual(await next(ann), {
      ...{ retain: false, online: true, ts: 1000, platforms: ['web', 'mobile'] },
    });
    refused.add('ann>bob');
    bus.publish({ type: 'stale', user: 'ann>bob' });
    assert.equal((await next(ann)).online, false);
    assert.deepEqual(cid.told, []);
  });

  it('is refused to those who may not see it, but kept for a session that comes back', async () => {
    const ann = connect('ann');
    connect('bob', 'web');
    refused.add('ann>bob');
    assert.equal(await watch(ann, 'bob'), false);
    assert.deepEqual(presence.subscriptionsOf(ann.as), []);
    assert.equal(await presence.watch(ann.as, 'bob', { filter: 'presence/bob', qos: 1 }, true), undefined);
    assert.equal(presence.subscriptionsOf(ann.as).length, 1);
    assert.deepEqual(ann.told, []);
    refused.clear();
    bus.publish({ type: 'stale', user: 'bob' });
    assert.equal((await next(ann)).online, true);
    assert.equal(presence.unwatch(ann.as, 'bob'), true);
    assert.equal(presence.unwatch(ann.as, 'bob'), false);
  });

  it('of an invisible user is offline to others since they became so, whatever they do; to themselves it is as it is', async () => {
    const ann = connect('ann');
    const bob = connect('bob', 'web');
    await watch(ann, 'bob');
    await watch(bob, 'bob');
    await Promise.all([next(ann), next(bob)]);
    hidden.add('bob');
    absences.set('bob', { lastSeen: 0, statusAt: 0, hiddenAt: 4000 });
    bus.publish({ type: 'stale', user: 'bob' });
    assert.deepEqual(await next(ann), { retain: false, online: false, ts: 4000 });
    now = 6000;
    const mobile = connect('bob', 'mobile');
    assert.deepEqual((await next(bob)).platforms, ['web', 'mobile']);
    end(mobile);
    await next(bob);
    bus.publish({ type: 'stale', user: 'bob' });
    await rest();
    assert.deepEqual(ann.told, []);
    assert.deepEqual(await presence.presenceOf('ann', 'bob'), { online: false, ts: 4000 });
    assert.equal((await presence.presenceOf('bob', 'bob'))?.online, true);
    hidden.clear();
    bus.publish({ type: 'stale', user: 'bob' });
    assert.deepEqual(await next(ann), { retain: false, online: true, ts: 1000, platforms: ['web'] });
  });

  it('has what the will said until the user is online again, also after a restart', async () => {
    const ann = connect('ann');
    const lamp = connect('lamp', 'iot');
    await watch(ann, 'lamp');
    await next(ann);
    now = 2000;
    end(lamp);
    presence.will('lamp', Buffer.from('{"battery":3}'));
    assert.deepEqual(await next(ann), { retain: false, online: false, ts: 2000, status: { battery: 3 } });
    end(ann);
    await presence.close();
    sessions = [];
    start();
    const back = connect('ann');
    await watch(back, 'lamp');
    assert.deepEqual(await next(back), { retain: true, online: false, ts: 2000, status: { battery: 3 } });
    now = 3000;
    const shining = connect('lamp', 'iot');
    assert.equal((await next(back)).status, undefined);
    end(shining);
    assert.deepEqual(await next(back), { retain: false, online: false, ts: 3000 });
    now = 4000;
    presence.will('lamp', Buffer.from('late'));
    assert.deepEqual(await next(back), { retain: false, online: false, ts: 3000, status: 'late' });
    assert.deepEqual(await presence.presenceOf('ann', 'lamp'), { online: false, ts: 3000 });
  });

  it('takes no status from a will that is no text, or too long, nor while another connection is there', async () => {
    const ann = connect('ann');
    await watch(ann, 'lamp');
    await next(ann);
    for (const [payload, status] of [
      [Buffer.of(0xff, 0xfe), undefined],
      [Buffer.alloc(0), undefined],
      [Buffer.from('x'.repeat(1025)), undefined],
      [Buffer.from('{"broken":'), '{"broken":'],
      [Buffer.from('[1]'), '[1]'],
      [Buffer.from('é'.repeat(512)), 'é'.repeat(512)],
    ] as const) {
      const lamp = connect('lamp');
      await next(ann);
      now += 1000;
      end(lamp);
      presence.will('lamp', payload);
      assert.deepEqual((await next(ann)).status, status);
    }
    connect('lamp');
    await next(ann);
    presence.will('lamp', Buffer.from('gone'));
    await rest();
    assert.deepEqual(ann.told, []);
  });

  it('is sent on subscribing as the retain handling says, and never twice', async () => {
    const ann = connect('ann');
    connect('bob');
    await watch(ann, 'bob', { retainHandling: 2 });
    await watch(ann, 'bob', { retainHandling: 1 });
    await rest();
    assert.deepEqual(ann.told, []);
    await watch(ann, 'bob');
    await rest();
    assert.equal(ann.told.length, 1);
  });
});
