import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HubFixture, rest } from './fixture.ts';

const conv = 'u:alice:bob';
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('a live session', () => {
  it('gets events in seq order and moves its position with contiguous acknowledgements only', async () => {
    const fixture = new HubFixture();
    const { link, session } = await fixture.connect('bob', { stored: { positions: { [conv]: 0 } } });
    for (let i = 0; i < 3; i++) fixture.add(conv);
    assert.deepEqual(link.seqs(conv), [1, 2, 3]);
    session.acknowledge(link.got[2]!.id);
    assert.equal(session.positions()[conv], 0);
    session.acknowledge(link.got[0]!.id);
    assert.equal(session.positions()[conv], 1);
    session.acknowledge(link.got[1]!.id);
    assert.equal(session.positions()[conv], 3);
    await fixture.hub.close();
    assert.deepEqual(fixture.progress, [{ [conv]: 3 }]);
    assert.deepEqual(fixture.moves, [{ conv, uid: 'bob', delivered: 3 }]);
  });

  it('is sent no more than its window and catches up from memory when it acknowledges', async () => {
    const fixture = new HubFixture();
    const { link, session } = await fixture.connect('bob', { window: 2 });
    for (let i = 0; i < 10; i++) fixture.add(conv);
    assert.equal(link.got.length, 2);
    while (link.unacknowledged > 0) {
      assert.ok(link.unacknowledged <= 2);
      link.acknowledge(session, 1);
    }
    assert.deepEqual(link.seqs(conv), numbers(1, 10));
    assert.equal(fixture.reads, 0);
    await fixture.hub.close();
  });

  it('is not written to while its socket holds too many bytes, and is not forgotten', async () => {
    const fixture = new HubFixture();
    const { link, session } = await fixture.connect('bob');
    link.backlog = 1000;
    fixture.add(conv);
    assert.equal(link.got.length, 0);
    assert.equal(session.lagging, true);
    link.backlog = 0;
    session.pump();
    assert.deepEqual(link.seqs(conv), [1]);
    assert.equal(session.lagging, false);
    await fixture.hub.close();
  });

  it('gets one frame for all receivers of a group, under one packet id', async () => {
    const fixture = new HubFixture();
    fixture.groups.set('team', 1);
    const one = await fixture.connect('bob');
    const two = await fixture.connect('carol');
    fixture.add('g:team');
    assert.equal(one.link.frames[0], two.link.frames[0]);
    assert.equal(one.link.got[0]!.topic, 'g/team');
    await fixture.hub.close();
  });

  it('gets nothing of a topic it unsubscribed from, and later only what is new', async () => {
    const fixture = new HubFixture();
    const { link, session } = await fixture.connect('bob');
    session.wishes.set('u/bob', 'silent');
    fixture.add(conv);
    session.wishes.set('u/bob', undefined);
    fixture.add(conv);
    assert.deepEqual(link.seqs(conv), [2]);
    await fixture.hub.close();
  });

  it('leaves out what is larger than the packets the client takes', async () => {
    const fixture = new HubFixture();
    const { link } = await fixture.connect('bob');
    link.maxPacketSize = 20;
    fixture.add(conv);
    link.maxPacketSize = 1000;
    fixture.add(conv);
    assert.deepEqual(link.seqs(conv), [2]);
    await fixture.hub.close();
  });

  it('hears of a group from the moment it is a member, and no longer when it is none', async () => {
    const fixture = new HubFixture();
    const { link, session } = await fixture.connect('bob');
    fixture.add('g:team');
    const joined = fixture.add('g:team');
    fixture.bus.publish({ type: 'membership', gid: 'team', uid: 'bob', since: joined.seq });
    await rest();
    fixture.add('g:team');
    link.acknowledge(session, 10);
    fixture.bus.publish({ type: 'membership', gid: 'team', uid: 'bob' });
    fixture.add('g:team');
    assert.deepEqual(link.seqs('g:team'), [2, 3]);
    await fixture.hub.close();
  });
});

describe('a resumed session', () => {
  it('gets exactly what it has not acknowledged, in order, before and between live events', async () => {
    const fixture = new HubFixture();
    for (let i = 0; i < 10; i++) fixture.add(conv, false);
    const { link, session } = await fixture.connect('bob', {
      window: 3,
      stored: { positions: { [conv]: 4 } },
    });
    fixture.add(conv);
    for (let i = 0; i < 20; i++) {
      await rest();
      link.acknowledge(session, 2);
    }
    assert.deepEqual(link.seqs(conv), numbers(5, 11));
    await fixture.hub.close();
  });

  it('gets of a conversation without a position what was stored since the session was made', async () => {
    const fixture = new HubFixture();
    for (let i = 0; i < 10; i++) fixture.add(conv, false);
    const { link } = await fixture.connect('bob', { stored: { createdAt: 8 } });
    await rest();
    await rest();
    assert.deepEqual(link.seqs(conv), [8, 9, 10]);
    await fixture.hub.close();
  });

  it('gets a gap notice and the newest 1,000 events where it missed more', async () => {
    const fixture = new HubFixture();
    for (let i = 0; i < 1500; i++) fixture.add(conv, false);
    const { link, session } = await fixture.connect('bob', { stored: { positions: { [conv]: 100 } } });
    while (link.seqs(conv).length < 1000) {
      await rest();
      link.acknowledge(session, 1000);
    }
    assert.deepEqual(link.got[0]!.payload, { type: 'gap', conv, from: 101, to: 500, ts: 1000 });
    assert.deepEqual(link.seqs(conv), numbers(501, 1500));
    await fixture.hub.close();
  });

  it('sees nothing of a group before its joining', async () => {
    const fixture = new HubFixture();
    fixture.groups.set('team', 3);
    for (let i = 0; i < 5; i++) fixture.add('g:team', false);
    const { link } = await fixture.connect('bob', { stored: {} });
    await rest();
    await rest();
    assert.deepEqual(link.seqs('g:team'), [3, 4, 5]);
    await fixture.hub.close();
  });

  it('gets nothing of what its user removed from their view, and no gap for it', async () => {
    const fixture = new HubFixture();
    fixture.groups.set('team', 1);
    for (let i = 0; i < 1500; i++) fixture.add(conv, false);
    for (let i = 0; i < 5; i++) fixture.add('g:team', false);
    for (let i = 0; i < 3; i++) fixture.add('u:bob:carol', false);
    fixture.cleared.set(conv, 1400).set('g:team', 5).set('u:bob:carol', 1);
    const { link, session } = await fixture.connect('bob', {
      stored: { createdAt: 2, positions: { [conv]: 100 } },
    });
    const all = [...numbers(1401, 1500), 2, 3];
    while (link.got.length < all.length) {
      await rest();
      link.acknowledge(session, 1000);
    }
    fixture.add('g:team');
    await rest();
    link.acknowledge(session, 1000);
    assert.deepEqual(link.seqs(conv), numbers(1401, 1500));
    assert.deepEqual([link.seqs('u:bob:carol'), link.seqs('g:team')], [[2, 3], [6]]);
    assert.equal(link.got.length, all.length + 1);
    assert.deepEqual(session.positions(), { [conv]: 1500, 'u:bob:carol': 3, 'g:team': 6 });
    await fixture.hub.close();
  });
});

describe('whatever happens', () => {
  type Step =
    | { do: 'event'; conv: number }
    | { do: 'ack'; count: number }
    | { do: 'stall' }
    | { do: 'drain' }
    | { do: 'rest' };
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant('event' as const), conv: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ do: fc.constant('ack' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('stall' as const) }),
    fc.record({ do: fc.constant('drain' as const) }),
    fc.record({ do: fc.constant('rest' as const) }),
  );

  it('every event reaches the session once and in order, and its position is what it acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 3, maxLength: 3 }),
        async (steps, window, before) => {
          const fixture = new HubFixture();
          const convs = ['u:alice:bob', 'u:bob:carol', 'u:bob:dave'];
          for (const [i, count] of before.entries()) {
            for (let n = 0; n < count; n++) fixture.add(convs[i]!, false);
          }
          const { link, session } = await fixture.connect('bob', { window, stored: { createdAt: 0 } });
          for (const one of steps) {
            if (one.do === 'event') fixture.add(convs[one.conv]!);
            else if (one.do === 'ack') link.acknowledge(session, one.count);
            else if (one.do === 'stall') link.backlog = 10_000;
            else if (one.do === 'rest') await rest();
            else {
              link.backlog = 0;
              session.pump();
            }
            assert.ok(link.unacknowledged <= window);
          }
          link.backlog = 0;
          session.pump();
          do {
            link.acknowledge(session, 100);
            await rest();
          } while (link.unacknowledged > 0 || session.lagging);
          for (const one of convs) {
            const stored = fixture.events.filter((event) => event.conv === one).length;
            assert.deepEqual(link.seqs(one), numbers(1, stored));
            assert.equal(session.positions()[one] ?? 0, stored);
          }
          await fixture.hub.close();
        },
      ),
      { numRuns: 200 },
    );
  });
});
