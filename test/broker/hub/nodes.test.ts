import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BusNetwork, type NetworkBus } from '../../support/bus-network.ts';
import { until } from '../../support/until.ts';
import { type FakeLink, HubFixture, rest } from './fixture.ts';

/** What one turn after the other does with the bus, the stores and the sessions is done by then. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await rest();
};

/** A hub that hears of events over a network. */
class NodeFixture extends HubFixture {
  readonly node: NetworkBus;
  readonly others: NetworkBus;

  constructor(network = new BusNetwork()) {
    const [node, others] = [network.node(), network.node()];
    super(node, others);
    this.node = node;
    this.others = others;
    this.nowMs = 1_000_000;
  }

  /** Something happens now. */
  say(conv: string, live = true): void {
    this.add(conv, live, 'alice', ++this.nowMs);
  }

  sayLong(conv: string, count: number): void {
    for (let i = 0; i < count; i++) this.say(conv);
  }

  join(gid: string, uid: string): void {
    this.say(`g:${gid}`);
    const since = this.events.at(-1)!.seq;
    this.groups.set(gid, since);
    this.others.publish({ type: 'membership', gid, uid, since });
  }

  leave(gid: string, uid: string): void {
    this.groups.delete(gid);
    this.others.publish({ type: 'membership', gid, uid });
  }

  get listens(): string[] {
    return [...this.node.topics.keys()].sort();
  }
}

const gaps = (link: FakeLink): unknown[] => link.got.filter(({ payload }) => payload.type === 'gap');

describe('a hub among other nodes', () => {
  it('listens to a user before it reads what it is in, to its groups before it is loaded, and leaves with the last', async () => {
    const fixture = new NodeFixture();
    fixture.groups.set('team', 1);
    let listened: string[] = [];
    fixture.whileReadingGroups = () => {
      listened = fixture.listens;
    };
    const user = fixture.hub.claim('bob');
    await user.loaded;
    assert.deepEqual(listened, ['u:bob']);
    assert.deepEqual(fixture.listens, ['g:team', 'u:bob']);
    fixture.hub.release(user);
    assert.deepEqual(fixture.listens, []);

    const [first, second] = [await fixture.connect('bob'), await fixture.connect('bob')];
    const carol = await fixture.connect('carol');
    fixture.hub.detach(first.session);
    assert.deepEqual(fixture.listens, ['g:team', 'u:bob', 'u:carol']);
    fixture.hub.detach(second.session);
    assert.deepEqual(fixture.listens, ['g:team', 'u:carol']);
    fixture.hub.detach(carol.session);
    assert.deepEqual(fixture.listens, []);
    await fixture.hub.close();
  });

  it('lets nobody in while it cannot listen, and holds nothing of who came', async () => {
    const fixture = new NodeFixture();
    fixture.node.cut();
    const user = fixture.hub.claim('bob');
    await assert.rejects(user.loaded, { code: 'store.unavailable' });
    fixture.hub.release(user);
    fixture.node.heal();
    fixture.groups.set('team', 1);
    fixture.whileReadingGroups = () => fixture.node.cut();
    const again = fixture.hub.claim('bob');
    await assert.rejects(again.loaded, { code: 'store.unavailable' });
    fixture.hub.release(again);
    assert.deepEqual(fixture.listens, []);
    await fixture.hub.close();
  });

  it('gives an event that came by the topics of both users to each of them once', async () => {
    const fixture = new NodeFixture();
    const [alice, bob] = [await fixture.connect('alice'), await fixture.connect('bob')];
    fixture.sayLong('u:alice:bob', 3);
    fixture.say('u:bob:bob');
    assert.deepEqual(alice.link.seqs('u:alice:bob'), [1, 2, 3]);
    assert.deepEqual(bob.link.seqs('u:alice:bob'), [1, 2, 3]);
    assert.deepEqual(bob.link.seqs('u:bob:bob'), [1]);
    await fixture.hub.close();
  });

  it('does not repeat what is published twice, also where the session begins behind it', async () => {
    const fixture = new NodeFixture();
    fixture.sayLong('u:alice:bob', 5);
    const { link } = await fixture.connect('bob', { stored: { positions: { 'u:alice:bob': 5 } } });
    for (const event of fixture.events.slice()) fixture.tell(event);
    assert.deepEqual(link.seqs('u:alice:bob'), []);
    fixture.say('u:alice:bob');
    fixture.tell(fixture.events.at(-1)!);
    await settled();
    assert.deepEqual(link.seqs('u:alice:bob'), [6]);
    await fixture.hub.close();
  });

  it('sends after a loss what was missed, from where each session is, and nothing from before it came', async () => {
    const fixture = new NodeFixture();
    fixture.sayLong('u:alice:bob', 3);
    fixture.sayLong('u:bob:carol', 3);
    fixture.nowMs += 60_000;
    const fresh = await fixture.connect('bob');
    fixture.say('u:alice:bob');
    const resumed = await fixture.connect('bob', {
      stored: { positions: { 'u:alice:bob': 4, 'u:bob:carol': 3 } },
    });
    fixture.node.cut();
    fixture.sayLong('u:alice:bob', 2);
    fixture.sayLong('u:bob:carol', 2);
    fixture.sayLong('u:bob:dave', 2);
    fixture.node.heal();
    await settled();
    for (const { link } of [fresh, resumed]) {
      assert.deepEqual(link.seqs('u:alice:bob').slice(-2), [5, 6]);
      assert.deepEqual(link.seqs('u:bob:carol'), [4, 5]);
      assert.deepEqual(link.seqs('u:bob:dave'), [1, 2]);
    }
    assert.deepEqual(fresh.link.seqs('u:alice:bob'), [4, 5, 6]);
    fixture.say('u:bob:dave');
    assert.deepEqual(fresh.link.seqs('u:bob:dave'), [1, 2, 3]);
    await fixture.hub.close();
  });

  it('leaves no gap in what was missed, however much it is', async () => {
    const fixture = new NodeFixture();
    fixture.say('u:alice:bob');
    const { link, session } = await fixture.connect('bob', { window: 5000 });
    fixture.say('u:alice:bob');
    fixture.nowMs += 60_000;
    fixture.node.cut();
    fixture.sayLong('u:alice:bob', 1500);
    fixture.sayLong('u:bob:carol', 2500);
    fixture.node.heal();
    await until('everything', async () => {
      link.acknowledge(session, link.unacknowledged);
      return link.got.length >= 4001;
    });
    assert.deepEqual(
      link.seqs('u:alice:bob'),
      Array.from({ length: 1501 }, (_, i) => i + 2),
    );
    assert.deepEqual(
      link.seqs('u:bob:carol'),
      Array.from({ length: 2500 }, (_, i) => i + 1),
    );
    assert.deepEqual(gaps(link), []);
    await fixture.hub.close();
  });

  it('sends what was recalled meanwhile as it is now, to those who are behind too', async () => {
    const fixture = new NodeFixture();
    const { link, session } = await fixture.connect('bob', { window: 1 });
    fixture.sayLong('u:alice:bob', 3);
    fixture.node.cut();
    const recalled = fixture.events[1]!;
    fixture.events[1] = { ...recalled, raw: Buffer.from('{"id":"m2","type":"text"}') };
    fixture.say('u:alice:bob');
    fixture.node.heal();
    await until('everything', () => {
      link.acknowledge(session, link.unacknowledged);
      return link.got.length === 4;
    });
    assert.equal(link.got[1]!.payload.body, undefined);
    await fixture.hub.close();
  });

  it('begins a conversation with what was lost before the first event that came', async () => {
    const fixture = new NodeFixture();
    fixture.groups.set('x', 1);
    const { link } = await fixture.connect('bob');
    fixture.node.cut();
    fixture.say('g:x');
    fixture.node.heal();
    fixture.say('g:x');
    await until('both', () => link.seqs('g:x').length === 2);
    assert.deepEqual(link.seqs('g:x'), [1, 2]);
    await fixture.hub.close();
  });

  it('sends nothing of a group behind a departure that was stored, but not told of', async () => {
    const fixture = new NodeFixture();
    fixture.groups.set('x', 1);
    const [bob, carol] = [await fixture.connect('bob'), await fixture.connect('carol')];
    fixture.say('g:x');
    const { id, seq } = { id: 'm2', seq: 2 };
    fixture.others.publish({ type: 'parting', gid: 'x', id, uids: ['bob'] });
    await settled();
    // Its worker dies before it tells of it; another one stores what follows.
    fixture.say('g:x', false);
    fixture.say('g:x');
    await until('all', () => carol.link.seqs('g:x').length === 3);
    await settled();
    assert.deepEqual(bob.link.seqs('g:x'), [1, seq]);
    fixture.say('g:x');
    assert.deepEqual(bob.link.seqs('g:x'), [1, seq]);
    assert.deepEqual(carol.link.seqs('g:x'), [1, 2, 3, 4]);
    await fixture.hub.close();
  });

  it('sends nothing of what the user removed from their view meanwhile', async () => {
    const fixture = new NodeFixture();
    const { link } = await fixture.connect('bob');
    fixture.node.cut();
    fixture.sayLong('u:alice:bob', 5);
    fixture.cleared.set('u:alice:bob', 3);
    fixture.node.heal();
    await settled();
    assert.deepEqual(link.seqs('u:alice:bob'), [4, 5]);
    await fixture.hub.close();
  });

  it('learns after a loss which groups its users joined and left', async () => {
    const fixture = new NodeFixture();
    fixture.sayLong('g:old', 2);
    fixture.groups.set('old', 1);
    const { link } = await fixture.connect('bob');
    fixture.say('g:old');
    fixture.node.cut();
    fixture.leave('old', 'bob');
    fixture.say('g:old');
    fixture.sayLong('g:new', 3);
    fixture.join('new', 'bob');
    fixture.say('g:new');
    fixture.node.heal();
    await settled();
    assert.deepEqual(link.seqs('g:old'), [3]);
    assert.deepEqual(link.seqs('g:new'), [4, 5]);
    assert.deepEqual(fixture.listens, ['g:new', 'u:bob']);
    fixture.say('g:new');
    assert.deepEqual(link.seqs('g:new'), [4, 5, 6]);
    await fixture.hub.close();
  });

  it('looks again where the loss came while a session was being opened', async () => {
    const fixture = new NodeFixture();
    fixture.say('u:alice:bob');
    const stored = { positions: { 'u:alice:bob': 1 } };
    const opening = await fixture.connect('bob', { stored, open: false });
    fixture.node.cut();
    fixture.say('u:alice:bob');
    fixture.node.heal();
    await settled();
    assert.deepEqual(opening.link.got, []);
    opening.session.open();
    await until('the event', () => opening.link.got.length > 0);
    assert.deepEqual(opening.link.seqs('u:alice:bob'), [2]);
    await fixture.hub.close();
  });

  it('tries again until the groups that came can be listened to', async () => {
    const fixture = new NodeFixture();
    const { link } = await fixture.connect('bob');
    fixture.join('team', 'bob');
    // Before the topic of the group is confirmed.
    fixture.node.cut();
    fixture.say('g:team');
    await settled();
    assert.equal(fixture.errors.length > 0, true);
    fixture.node.heal();
    await until('the event', () => link.seqs('g:team').length === 2);
    assert.deepEqual(fixture.listens, ['g:team', 'u:bob']);
    await fixture.hub.close();
  });

  it('ends with every session having everything once and in order, whatever is lost and when', async () => {
    const conv = fc.constantFrom('u:alice:bob', 'u:bob:carol', 'u:alice:carol', 'g:x', 'g:y');
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ do: fc.constant('say' as const), conv }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), at: fc.nat(50) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'heal' as const) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), who: fc.nat(3) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('join' as const), gid: fc.constantFrom('x', 'y') }),
      },
    );
    const run = fc.asyncProperty(
      fc.array(step, { maxLength: 50 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, window) => {
        const fixture = new NodeFixture();
        fixture.sayLong('u:alice:bob', 3);
        fixture.groups.set('x', 1);
        fixture.nowMs += 60_000;
        const uids = ['alice', 'bob', 'carol', 'bob'];
        const clients = await Promise.all(
          uids.map((uid, i) =>
            fixture.connect(uid, { window, ...(i === 3 && { stored: { positions: { 'u:alice:bob': 3 } } }) }),
          ),
        );
        const before = fixture.events.length;
        let isCut = false;
        for (const one of steps) {
          if (one.do === 'say') fixture.say(one.conv);
          else if (one.do === 'again') {
            const event = fixture.events.slice(before)[one.at];
            if (event !== undefined) fixture.tell(event);
          } else if (one.do === 'turn') await rest();
          else if (one.do === 'acknowledge') {
            const { link, session } = clients[one.who]!;
            link.acknowledge(session, 1);
          } else if (one.do === 'join') {
            if (fixture.groups.has(one.gid)) continue;
            fixture.join(one.gid, 'alice');
            const since = fixture.groups.get(one.gid)!;
            for (const uid of ['bob', 'carol'])
              fixture.others.publish({ type: 'membership', gid: one.gid, uid, since });
          } else if (one.do === 'cut') {
            isCut = true;
            fixture.node.cut();
          } else if (isCut) {
            isCut = false;
            fixture.node.heal();
          }
        }
        fixture.node.heal();
        const expected = (uid: string): Map<string, number[]> => {
          const seqs = new Map<string, number[]>();
          for (const { conv, seq } of fixture.events.slice(before)) {
            const isTheirs = conv.startsWith('g:')
              ? seq >= (fixture.groups.get(conv.slice(2)) ?? Number.POSITIVE_INFINITY)
              : conv.split(':').includes(uid);
            if (isTheirs) seqs.set(conv, [...(seqs.get(conv) ?? []), seq]);
          }
          return seqs;
        };
        const isComplete = (): boolean => {
          for (const { link, session } of clients) link.acknowledge(session, link.unacknowledged);
          return clients.every(({ link }, i) =>
            [...expected(uids[i]!)].every(([conv, seqs]) => link.seqs(conv).length >= seqs.length),
          );
        };
        await until('everything', isComplete, 5000).catch(() => {});
        await settled();
        for (const [i, { link }] of clients.entries()) {
          for (const [conv, seqs] of expected(uids[i]!))
            assert.deepEqual(link.seqs(conv), seqs, `${uids[i]} ${conv}`);
          assert.deepEqual(gaps(link), []);
        }
        await fixture.hub.close();
      },
    );
    await fc.assert(run, { numRuns: 60, interruptAfterTimeLimit: 20_000 });
  });
});
