import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PetrelError } from '../../schemas/errors.ts';
import type { StoredEvent } from '../../schemas/event.ts';
import type { Appended, Submission, Timeline } from '../../store/timeline.ts';
import { type CommitObserver, type CommitOptions, CommitQueue } from '../../worker/commit.ts';

/** A timeline whose appends end when the test says so. */
class HeldTimeline {
  readonly batches: (readonly Submission[])[] = [];
  readonly #ends: ((error?: Error) => void)[] = [];
  readonly #heads = new Map<string, number>();
  readonly #known = new Map<string, Appended>();

  append(batch: readonly Submission[]): Promise<Appended[]> {
    this.batches.push(batch);
    return new Promise((resolve, reject) => {
      this.#ends.push((error) => {
        if (error === undefined) resolve(batch.map((one) => this.#place(one)));
        else reject(error);
      });
    });
  }

  #place({ conv, from, id, revision }: Submission): Appended {
    const key = `${conv} ${from} ${id}`;
    const known = this.#known.get(key);
    if (known !== undefined) return { ...known, repeat: true };
    const seq = (this.#heads.get(conv) ?? 0) + 1;
    this.#heads.set(conv, seq);
    const place = { seq, n: seq, ts: seq, repeat: false, ...revision?.revise([]) };
    this.#known.set(key, place);
    return place;
  }

  get waiting(): number {
    return this.#ends.length;
  }

  end(error?: Error): void {
    this.#ends.shift()!(error);
  }
}

const open = (options: Omit<CommitOptions, 'timeline'> = {}) => {
  const held = new HeldTimeline();
  const queue = new CommitQueue({ timeline: held as unknown as Timeline, ...options });
  const events: StoredEvent[] = [];
  queue.onEvent((event) => events.push(event));
  return { held, queue, events };
};

const submission = (id: string, conv = 'u:a:b'): Submission => ({
  conv,
  from: 'a',
  id,
  counts: true,
  raw: Buffer.from(`{"id":"${id}"}`),
});

const quiet: CommitObserver = { committed: () => {}, faulted: () => {}, down: () => {}, up: () => {} };

const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('CommitQueue', () => {
  it('makes one batch of what arrives while a commit runs', async () => {
    const { held, queue } = open();
    const first = queue.submit(submission('1'));
    await rest();
    const others = ['2', '3', '4'].map((id) => queue.submit(submission(id)));
    await rest();
    assert.deepEqual(
      held.batches.map((batch) => batch.length),
      [1],
    );
    held.end();
    assert.equal((await first).seq, 1);
    assert.deepEqual(
      held.batches.map((batch) => batch.length),
      [1, 3],
    );
    held.end();
    assert.deepEqual(
      (await Promise.all(others)).map(({ seq }) => seq),
      [2, 3, 4],
    );
  });

  it('answers before it tells of an event, and tells of nothing that was there before', async () => {
    const { held, queue, events } = open();
    const order: string[] = [];
    queue.onEvent(({ seq }) => order.push(`event ${seq}`));
    const receiver = {
      stored: ({ seq, repeat }: Appended) => order.push(`stored ${seq} ${repeat}`),
      failed: () => {},
    };
    queue.submitTo(submission('1'), receiver);
    queue.submitTo(submission('1'), receiver);
    await rest();
    held.end();
    await queue.drained();
    assert.deepEqual(order, ['stored 1 false', 'event 1', 'stored 1 true']);
    assert.equal(events.length, 1);
  });

  it('tells of an event as it is stored, also where that is not what was submitted', async () => {
    const { held, queue, events } = open();
    const raw = Buffer.from('{"id":"1","recalled":true}');
    const revised = queue.submit({ ...submission('1'), revision: { after: 0, revise: () => ({ raw }) } });
    await rest();
    held.end();
    await revised;
    assert.deepEqual(
      events.map((event) => event.raw),
      [raw],
    );
  });

  it('refuses a batch that the store could not take with store.unavailable, and goes on', async () => {
    const told: string[] = [];
    const observer = { ...quiet, down: () => told.push('down'), up: () => told.push('up') };
    const { held, queue, events } = open({ observer });
    const failed = queue.submit(submission('1'));
    await rest();
    held.end(new Error('the disk is full'));
    await assert.rejects(
      failed,
      (error) => error instanceof PetrelError && error.code === 'store.unavailable',
    );
    assert.equal(events.length, 0);
    const next = queue.submit(submission('1'));
    await rest();
    held.end();
    assert.equal((await next).seq, 1);
    assert.deepEqual(told, ['down', 'up']);
  });

  it('tells when too much waits, and when it waits no longer', async () => {
    const { held, queue } = open({ maxWaitingBytes: 600 });
    const first = queue.submit(submission('1'));
    assert.equal(queue.full, false);
    const second = queue.submit(submission('2'));
    assert.equal(queue.full, true);
    let relieved = false;
    queue.whenRelieved(() => {
      relieved = true;
    });
    await rest();
    assert.equal(relieved, false);
    held.end();
    await Promise.all([first, second]);
    assert.equal(relieved, true);
  });

  it('refuses what waits for a store that gives no answer, and still tells of what it stored in the end', async () => {
    const { held, queue, events } = open({ patienceMs: 20 });
    // The queue's own timer does not keep a process alive.
    const alive = setInterval(() => {}, 1000);
    const first = queue.submit(submission('1'));
    await rest();
    const second = queue.submit(submission('2'));
    const unavailable = (error: unknown): boolean =>
      error instanceof PetrelError && error.code === 'store.unavailable';
    await Promise.all([assert.rejects(first, unavailable), assert.rejects(second, unavailable)]);
    await assert.rejects(queue.submit(submission('3')), unavailable);
    assert.equal(queue.waiting, 0);
    held.end();
    await rest();
    assert.deepEqual(
      events.map(({ seq }) => seq),
      [1],
    );
    const again = queue.submit(submission('1'));
    await rest();
    held.end();
    assert.equal((await again).repeat, true);
    clearInterval(alive);
  });

  it('lets a fault in one answer cost nobody else theirs', async () => {
    const faults: unknown[] = [];
    const { held, queue } = open({
      observer: { ...quiet, faulted: (error) => faults.push(error) },
    });
    queue.submitTo(submission('1'), {
      stored: () => {
        throw new Error('a fault');
      },
      failed: () => {},
    });
    const second = queue.submit(submission('2'));
    await rest();
    held.end();
    assert.equal((await second).seq, 2);
    assert.equal(faults.length, 1);
  });

  it('keeps the order of every conversation and answers every submission, whatever fails', async () => {
    const step = fc.oneof(
      fc.record({ conv: fc.constantFrom('u:a:b', 'u:a:c'), id: fc.integer({ min: 0, max: 20 }) }),
      fc.constantFrom('end' as const, 'fail' as const, 'rest' as const),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, maxBatch) => {
          const { held, queue, events } = open({ maxBatch });
          let asked = 0;
          let answered = 0;
          for (const one of steps) {
            if (typeof one === 'object') {
              asked++;
              const done = (): void => {
                answered++;
              };
              queue.submitTo(submission(String(one.id), one.conv), { stored: done, failed: done });
            } else if (one === 'rest') await rest();
            else if (held.waiting > 0) {
              held.end(one === 'fail' ? new Error('no') : undefined);
              await rest();
            }
            assert.ok(held.waiting <= 8);
          }
          await rest();
          while (held.waiting > 0) {
            held.end();
            await rest();
          }
          await queue.drained();
          assert.equal(answered, asked);
          for (const conv of ['u:a:b', 'u:a:c']) {
            const seqs = events.filter((event) => event.conv === conv).map(({ seq }) => seq);
            assert.deepEqual(
              seqs,
              seqs.map((_, i) => i + 1),
            );
          }
        },
      ),
    );
  });
});
