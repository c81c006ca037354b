import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Removals, type RemovalsOptions } from '../../../api/accounts/removals.ts';
import { PetrelError } from '../../../schemas/errors.ts';
import { createMemoryBus } from '../../../store/state/memory/bus.ts';
import { until } from '../../support/until.ts';
import { startApi, type TestApi } from '../server.ts';

const throwing = (error: unknown): never => {
  throw error;
};

describe('removals', () => {
  let api: TestApi;
  let removals: Removals | undefined;
  beforeEach(async () => {
    api = await startApi();
    await api.directory.ensureUsers(['alice', 'bob', 'carol'], 1);
    await say('u:alice:bob', 'alice', 'm1');
    await say('u:alice:carol', 'carol', 'm1');
  });
  afterEach(async () => {
    await removals?.close();
    await api.stop();
  });

  const say = (conv: string, from: string, id: string) =>
    api.timeline.append([{ conv, from, id, counts: true, raw: Buffer.from(`{"id":"${id}"}`) }]);

  /** Removals whose steps are told, in the order of being made. */
  function open(more: Partial<RemovalsOptions> = {}) {
    const steps: string[] = [];
    removals = new Removals({
      directory: api.directory,
      timeline: api.timeline,
      bus: createMemoryBus(throwing),
      groupEvents: api.groupEvents,
      clock: api.now,
      revocations: {
        remove: (uid) => steps.push(`refuse ${uid}`),
        revoke: () => {},
      },
      endSessions: async (uid) => {
        steps.push(`sessions ${uid}`);
      },
      erase: async ({ uid }, { conv, seq }) => {
        steps.push(`erase ${conv}`);
        await api.directory.putTrace(uid, { conv, seq: seq + 1, told: true });
      },
      onError: throwing,
      ...more,
    });
    return { steps, removals };
  }
  const pending = async () => (await api.directory.removals(undefined, 10)).map(({ uid }) => uid);
  const ended = () => until('the end of the removals', async () => (await pending()).length === 0);

  it('refuse first, then end sessions, then erase in every conversation', async () => {
    const { steps, removals: opened } = open({ settleMs: 0 });
    await opened.removeAccount('alice', 'operator');
    await ended();
    assert.deepEqual(steps.slice(0, 2), ['refuse alice', 'sessions alice']);
    assert.deepEqual(steps.slice(2).sort(), ['erase u:alice:bob', 'erase u:alice:carol']);
    await assert.rejects(opened.removeAccount('alice', 'operator'), { code: 'user.not-found' });
    await assert.rejects(opened.removeAccount('nobody', 'operator'), { code: 'user.not-found' });
  });

  it('end with a pass that begins when all has settled, and looks at what came since', async () => {
    const { steps, removals: opened } = open();
    await opened.removeAccount('alice', 'alice');
    await until('the first pass', () => steps.filter((step) => step.startsWith('erase')).length === 2);
    await say('u:alice:bob', 'alice', 'on its way');
    opened.wake();
    assert.deepEqual(await pending(), ['alice']);
    api.pass(15_000);
    opened.wake();
    await ended();
    assert.deepEqual(steps.slice(4), ['sessions alice', 'erase u:alice:bob']);
  });

  it('go on with what is left after a start, and where the store was away', async () => {
    let away = true;
    const removal = { id: 'r1', by: 'operator', at: api.now() - 60_000 };
    for (const uid of ['alice', 'carol']) await api.directory.removeUser({ ...removal, uid });
    const erased: string[] = [];
    const { removals: opened } = open({
      erase: async ({ uid }, { conv }) => {
        if (away && uid === 'alice') throw new PetrelError('store.unavailable');
        erased.push(`${uid} ${conv}`);
      },
    });
    opened.start();
    await until('the other one', async () => (await pending()).length === 1);
    assert.deepEqual(erased, ['carol u:alice:carol']);
    away = false;
    opened.wake();
    await ended();
    assert.equal(erased.length, 3);
  });
});
