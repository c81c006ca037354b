import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable as NodeReadable, Writable as NodeWritable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LRUCache as RealCache } from 'lru-cache';
import { LRUCache } from '../../../sdk/bundle/shims/lru-cache.ts';
import { nextTick } from '../../../sdk/bundle/shims/nextick.ts';
import { Readable, Writable } from '../../../sdk/bundle/shims/streams.ts';

/** What a readable tells of its objects when it is asked as MQTT.js asks its store. */
async function readAll(readable: Readable | NodeReadable): Promise<unknown[]> {
  const told: unknown[] = [];
  const ended = once(readable, 'end');
  const next = (): void => {
    const value: unknown = readable.read(1);
    if (value === null) readable.once('readable', next);
    else {
      told.push(value);
      next();
    }
  };
  next();
  await ended;
  return told;
}

describe('what stands for streams in the bundle for browsers', () => {
  it('reads objects one by one to the end, as a stream of Node does', async () => {
    for (const count of [0, 1, 2, 50]) {
      const told = await Promise.all(
        [new Readable(), new NodeReadable({ objectMode: true })].map((readable) => {
          let i = 0;
          readable._read = () => {
            readable.push(i < count ? { i: i++ } : null);
          };
          return readAll(readable);
        }),
      );
      assert.deepEqual(told[0], told[1]);
      assert.equal(told[0]!.length, count);
    }
  });

  it('tells nothing more of what was destroyed, but that it is closed', async () => {
    const readable = new Readable();
    readable._read = () => {
      readable.push('more');
    };
    const closed = once(readable, 'close');
    assert.equal(readable.read(), 'more');
    readable.destroy();
    await closed;
    assert.equal(readable.read(), null);
  });

  it('takes chunk after chunk, each when the one before it is done, as a stream of Node does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), async (isLate) => {
        const logs = await Promise.all(
          [new Writable(), new NodeWritable()].map(async (writable) => {
            const log: string[] = [];
            let [atWork, done] = [0, 0];
            const finished = new Promise<void>((resolve) => {
              if (isLate.length === 0) resolve();
              writable._write = (chunk: Uint8Array, _: string, callback: (error?: Error) => void) => {
                assert.equal(++atWork, 1);
                log.push(`${chunk[0]}`);
                const finish = () => {
                  atWork--;
                  callback();
                  if (++done === isLate.length) resolve();
                };
                if (isLate[chunk[0]!]) setImmediate(finish);
                else finish();
              };
            });
            isLate.forEach((_, i) => {
              writable.write(Buffer.from([i]));
            });
            await finished;
            return log;
          }),
        );
        assert.deepEqual(logs[0], logs[1]);
      }),
      { numRuns: 50 },
    );
  });

  it('takes thousands of chunks that wait without growing the stack', () => {
    const writable = new Writable();
    let count = 0;
    let first: (() => void) | undefined;
    writable._write = (_chunk, _encoding, done) => {
      count++;
      if (first === undefined) first = done;
      else done();
    };
    for (let i = 0; i < 20_000; i++) writable.write(new Uint8Array(1));
    assert.equal(count, 1);
    first!();
    assert.equal(count, 20_000);
  });

  it('tells of an error, and takes nothing behind it', () => {
    const writable = new Writable();
    const errors: Error[] = [];
    writable.on('error', (error: Error) => errors.push(error));
    writable._write = (_chunk, _encoding, done) => done(new Error('bad'));
    writable.write(new Uint8Array(1));
    writable.write(new Uint8Array(1));
    assert.equal(errors.length, 1);
  });
});

describe('what stands for other packages in the bundle for browsers', () => {
  it('caches as lru-cache does', () => {
    const key = fc.integer({ min: 0, max: 6 });
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key }),
      fc.record({ do: fc.constant('get' as const), key }),
      fc.record({ do: fc.constant('clear' as const), key }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const ours = new LRUCache<number, string>({ max });
        const real = new RealCache<number, string>({ max });
        steps.forEach((one, i) => {
          for (const cache of [ours, real])
            if (one.do === 'set') cache.set(one.key, `v${i}`);
            else if (one.do === 'clear') cache.clear();
          if (one.do === 'get') assert.equal(ours.get(one.key), real.get(one.key));
          assert.deepEqual([...ours.keys()], [...real.keys()]);
          assert.equal(ours.size, real.size);
        });
      }),
    );
  });

  it('runs what is for the next turn in order, with its values, after the code at hand', async () => {
    const log: unknown[] = [];
    nextTick((...values) => log.push(values), 1, 2);
    nextTick(() => log.push('last'));
    log.push('first');
    await Promise.resolve();
    assert.deepEqual(log, ['first', [1, 2], 'last']);
  });
});
