import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Caller, type Operation, userOperation } from '../../../api/operation.ts';
import { input, none } from '../../../api/operations/shapes.ts';
import { audited, keepAudit } from '../../../api/operators/audit.ts';
import { PetrelError } from '../../../schemas/errors.ts';
import { auditIdAt, type Directory } from '../../../store/directory.ts';
import { until } from '../../support/until.ts';
import { openDirectory } from './directory.ts';

const caller = (...scopes: string[]): Caller => ({
  identity: { uid: 'op', scopes: new Set(scopes), expiresAt: 0 },
  address: '::1',
});

describe('an operation that is written down', () => {
  let directory: Directory;
  let end: () => Promise<void>;
  let now = 1000;
  beforeEach(async () => {
    ({ directory, end } = await openDirectory());
  });
  afterEach(() => end());

  const operation = (work: () => Promise<null>, more: Partial<Operation> = {}): Operation => ({
    ...userOperation({
      name: 'groups.dissolve',
      method: 'DELETE',
      path: '/groups/{gid}',
      summary: '',
      input: input({}),
      output: none,
      status: 204,
      errors: [],
      handle: work,
    }),
    ...more,
  });
  const ask = (work: () => Promise<null>, who = caller('admin'), more: Partial<Operation> = {}) => {
    // Each has a counter of its own: what tells their order is the clock.
    now += 1;
    const [wrapped] = audited([operation(work, more)], { directory, clock: () => now });
    return wrapped!.handle({ gid: 'g1' }, who);
  };
  const entries = async () =>
    (await directory.listAudit({ below: '~', limit: 10 })).map(({ outcome, target, actor }) => [
      outcome,
      target,
      actor,
    ]);

  it('has its entry before it begins, and the end of it after', async () => {
    await ask(async () => {
      assert.deepEqual(await entries(), [['pending', 'g1', 'op']]);
      return null;
    });
    assert.deepEqual(await entries(), [['ok', 'g1', 'op']]);
  });

  it('keeps the error that it ended with', async () => {
    const refused = () => Promise.reject(new PetrelError('group.not-found'));
    await assert.rejects(async () => ask(refused), { code: 'group.not-found' });
    await assert.rejects(async () => ask(() => Promise.reject(new Error('a fault'))), /a fault/);
    assert.deepEqual(
      (await entries()).map(([outcome]) => outcome),
      ['server.error', 'group.not-found'],
    );
  });

  it('does not happen where its entry cannot be written', async () => {
    let happened = false;
    const away = { ...directory, addAudit: () => Promise.reject(new PetrelError('store.unavailable')) };
    const work = operation(async () => {
      happened = true;
      return null;
    });
    const [wrapped] = audited([work], { directory: away, clock: () => now });
    await assert.rejects(async () => wrapped!.handle({ gid: 'g1' }, caller('admin')), {
      code: 'store.unavailable',
    });
    assert.equal(happened, false);
  });

  it('is answered though its end cannot be written', async () => {
    const away = { ...directory, settleAudit: () => Promise.reject(new PetrelError('store.unavailable')) };
    const [wrapped] = audited([operation(async () => null)], { directory: away, clock: () => now });
    assert.equal(await wrapped!.handle({ gid: 'g1' }, caller('admin')), null);
    assert.deepEqual(await entries(), [['pending', 'g1', 'op']]);
  });

  it('is one of the scope admin that changes something', async () => {
    const work = async () => null;
    await ask(work, caller());
    await ask(work, caller('other'));
    await ask(work, caller('admin'), { method: 'GET' });
    await ask(work, caller('admin'), { name: 'me.update' });
    assert.deepEqual(await entries(), []);
    await ask(work, caller('admin'), { name: 'admin.users.ban' });
    assert.equal((await entries()).length, 1);
  });

  it('has its place in the order of asking, within a millisecond and with a clock that goes back', async () => {
    const [wrapped] = audited([operation(async () => null)], { directory, clock: () => now });
    for (const [i, at] of [5, 5, 5, 3, 6].entries()) {
      now = at;
      await wrapped!.handle({ gid: `g${i}` }, caller('admin'));
    }
    assert.deepEqual(
      (await entries()).map(([, target]) => target),
      ['g4', 'g3', 'g2', 'g1', 'g0'],
    );
  });

  it('is forgotten after its time', async () => {
    const day = 86_400_000;
    now = 10 * day;
    const add = (at: number) =>
      directory.addAudit({
        id: `${auditIdAt(at)}-x`,
        at,
        actor: 'op',
        action: 'a',
        detail: '{}',
        address: '',
        outcome: 'ok',
      });
    for (let i = 0; i < 1500; i++) await add(i);
    await add(8 * day + 1);
    const onError = assert.ifError;
    await keepAudit({ directory, days: 0, clock: () => now, onError })();
    assert.equal((await directory.listAudit({ below: '~', limit: 5000 })).length, 1501);
    const stop = keepAudit({ directory, days: 2, clock: () => now, onError });
    await until('old entries to be gone', async () => {
      const left = await directory.listAudit({ below: '~', limit: 5000 });
      return left.length === 1;
    });
    await stop();
  });
});
