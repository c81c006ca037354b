import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Broadcasts, pagesOf } from '../../../api/operators/broadcasts.ts';
import type { Sender } from '../../../api/services.ts';
import { PetrelError } from '../../../schemas/errors.ts';
import type { BroadcastKind, Directory } from '../../../store/directory.ts';
import { until } from '../../support/until.ts';
import { openDirectory } from './directory.ts';

describe('the runner of broadcasts', () => {
  let directory: Directory;
  let end: () => Promise<void>;
  /** What was stored: conversation and message id, once each as the timeline does. */
  let stored: Set<string>;
  /** How often it was sent, repeats too. */
  let sends: number;
  let inFlight: number;
  let mostInFlight: number;
  let refusal: ((conv: string) => PetrelError | undefined) | undefined;
  let gate: Promise<void> | undefined;
  const uids = Array.from({ length: 250 }, (_, i) => `u${String(i).padStart(3, '0')}`);

  const sender: Sender = {
    async send({ conv, payload }) {
      const { id } = payload as { id: string };
      sends++;
      inFlight++;
      mostInFlight = Math.max(mostInFlight, inFlight);
      await gate;
      await Promise.resolve();
      inFlight--;
      const refused = refusal?.(conv);
      if (refused !== undefined) throw refused;
      const repeat = stored.has(`${conv} ${id}`);
      stored.add(`${conv} ${id}`);
      return { conv, seq: 1, ts: 1, repeat };
    },
    forward: () => assert.fail('nothing is forwarded'),
  };
  const runner = () => new Broadcasts({ directory, sender, clock: Date.now, onError: assert.ifError });
  const begin = (id: string, kind: BroadcastKind, targets: readonly string[], from = 'system') =>
    directory.createBroadcast(
      {
        id,
        messageId: `m-${id}`,
        from,
        payload: '{"type":"text","body":{"text":"hi"}}',
        kind,
        total: targets.length,
        createdAt: Date.now(),
      },
      pagesOf(targets),
    );
  const ended = (id: string) =>
    until(`the end of ${id}`, async () => {
      const found = (await directory.getBroadcast(id))!;
      return found.state === 'running' ? undefined : found;
    });

  beforeEach(async () => {
    ({ directory, end } = await openDirectory());
    stored = new Set();
    sends = 0;
    inFlight = 0;
    mostInFlight = 0;
    refusal = undefined;
    gate = undefined;
    await directory.createUsers(uids.map((uid) => ({ uid, createdAt: 1, origin: 'admin' })));
  });
  afterEach(() => end());

  it('sends to each once, a few at a time', async () => {
    await begin('b', 'uids', uids);
    const one = runner();
    one.start();
    const { sent, failed } = await ended('b');
    await one.close();
    assert.deepEqual([sent, failed, sends, stored.size], [250, 0, 250, 250]);
    assert.ok(stored.has('u:system:u000 m-b'));
    assert.ok(mostInFlight <= 16, `${mostInFlight} at once`);
  });

  it('counts those who are not there or may not be written to, and goes on', async () => {
    refusal = (conv) => (conv === 'u:alice:u007' ? new PetrelError('send.blocked') : undefined);
    await directory.createUser({ uid: 'alice', createdAt: 1, origin: 'admin' });
    await begin('mine', 'uids', [...uids, 'nobody'], 'alice');
    await begin('system', 'uids', [...uids, 'nobody', 'anonymous']);
    const one = runner();
    one.start();
    const [mine, system] = [await ended('mine'), await ended('system')];
    await one.close();
    assert.deepEqual([mine.sent, mine.failed], [250, 1]);
    assert.deepEqual([system.sent, system.failed], [250, 2]);
  });

  it('waits while the store is away, and misses no one', async () => {
    let away = true;
    refusal = () => (away ? new PetrelError('store.unavailable') : undefined);
    await begin('b', 'all', []);
    const one = runner();
    one.start();
    await until('sends in vain', () => sends > 20);
    assert.equal((await directory.getBroadcast('b'))!.failed, 0);
    away = false;
    const { sent, failed } = await ended('b');
    await one.close();
    assert.deepEqual([sent, failed, stored.size], [250, 0, 250]);
  });

  it('leaves what is not sent to the next run, which goes on at once', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await begin('b', 'uids', uids);
    const one = runner();
    one.start();
    await until('the first sends', () => sends > 0);
    const closing = one.close();
    open();
    await closing;
    const { state, sent } = (await directory.getBroadcast('b'))!;
    assert.deepEqual([state, sent], ['running', 0]);
    gate = undefined;
    const two = runner();
    two.start();
    const done = await ended('b');
    await two.close();
    assert.deepEqual([done.sent, done.failed, stored.size], [250, 0, 250]);
  });

  it('goes on where another has died, and two at once do no harm', async () => {
    await begin('b', 'uids', uids);
    // The one that died held it, and had sent a part of the first page.
    await directory.claimBroadcasts('dead', Date.now(), Date.now() + 200, 1);
    stored.add('u:system:u000 m-b');
    const runners = [runner(), runner()];
    for (const one of runners) one.start();
    const { sent, failed } = await ended('b');
    await Promise.all(runners.map((one) => one.close()));
    assert.deepEqual([sent, failed, stored.size], [250, 0, 250]);
  });

  it('runs several at a time, and begins the next when one has ended', async () => {
    for (let i = 0; i < 10; i++) await begin(`b${i}`, 'uids', uids.slice(0, 5));
    const one = runner();
    one.start();
    for (let i = 0; i < 10; i++) assert.equal((await ended(`b${i}`)).sent, 5);
    await one.close();
    assert.equal(stored.size, 50);
  });

  it('stops a broadcast that was cancelled after the page in hand', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await begin('b', 'uids', uids);
    const one = runner();
    one.start();
    await until('the first sends', () => sends > 0);
    await directory.finishBroadcast('b', 'cancelled', 5);
    open();
    await until('the page to be noted', async () => (await directory.getBroadcast('b'))!.sent === 100);
    await one.close();
    assert.equal(stored.size, 100);
    assert.equal((await directory.getBroadcast('b'))!.state, 'cancelled');
  });
});
