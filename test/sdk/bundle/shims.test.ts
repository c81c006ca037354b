import assert from 'node:assert/strict';
import { EventEmitter as NodeEmitter, once } from 'node:events';
import { Readable as NodeReadable, Writable as NodeWritable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LRUCache as RealCache } from 'lru-cache';
import * as bl from '../../../sdk/bundle/shims/bl.ts';
import { Buffer as OurBuffer } from '../../../sdk/bundle/shims/buffer.ts';
import { EventEmitter } from '../../../sdk/bundle/shims/events.ts';
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

/** The statics, which the class has but its type has not. */
const Ours = OurBuffer as unknown as typeof Buffer;

describe('what stands for Buffer in the bundle for browsers', () => {
  const plain = (bytes: Uint8Array) => [...bytes];

  it('is text in UTF-8, as Node’s is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(12), fc.nat(12), (text, start, end) => {
        assert.deepEqual(plain(Ours.from(text)), plain(Buffer.from(text)));
        assert.equal(Ours.byteLength(text), Buffer.byteLength(text));
        assert.equal(Ours.from(text).toString(), text);
        assert.equal(
          Ours.from(text).toString('utf8', start, end),
          Buffer.from(text).toString('utf8', start, end),
        );
      }),
    );
  });

  it('reads, writes and cuts as Node’s does, and a cut is a view', () => {
    const bytes = fc.uint8Array({ minLength: 8, maxLength: 20 });
    fc.assert(
      fc.property(bytes, fc.nat(4), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (values, at, value) => {
        const pair = [Ours.from([...values]), Buffer.from([...values])];
        for (const one of pair) {
          one.writeUInt32BE(value, at);
          one.writeUInt16BE(value & 0xffff, at + 1);
          one.writeUInt8(value & 0xff, at);
          one.slice(1, 3).writeUInt8(7, 0);
        }
        const [ours, real] = pair.map((one) => [
          plain(one),
          one.readUInt32BE(at),
          one.readUInt16BE(at),
          one.readUInt8(at),
          plain(one.subarray(at, -1)),
          plain(one.slice(2)),
          one.slice(2) instanceof one.constructor,
        ]);
        assert.deepEqual(ours, real);
      }),
    );
  });

  it('is made of memory, of numbers and of nothing', () => {
    const memory = new Uint8Array([1, 2, 3, 4]).buffer;
    assert.deepEqual(plain(Ours.from(memory, 1, 2)), [2, 3]);
    assert.deepEqual(plain(Ours.from([1, 257])), [1, 1]);
    assert.deepEqual(plain(Ours.alloc(2)), [0, 0]);
    assert.ok(Ours.isBuffer(Ours.from('x')) && Ours.isBuffer(new Uint8Array(1)) && !Ours.isBuffer('x'));
    assert.ok(Ours.from('x') instanceof Ours);
  });

  it('comes in pieces, which are read as one', () => {
    const create = (bl as unknown as Record<string, () => ReturnType<(typeof bl)['module.exports']>>)[
      'module.exports'
    ]!;
    const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 9 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(6), { maxLength: 9 }), (chunks, steps) => {
        const list = create();
        let whole = Buffer.alloc(0);
        chunks.forEach((chunk, i) => {
          list.append(chunk);
          whole = Buffer.concat([whole, chunk]);
          const step = Math.min(steps[i] ?? 0, whole.length);
          list.consume(step);
          whole = whole.subarray(step);
          assert.equal(list.length, whole.length);
          assert.deepEqual(plain(list.slice(1, 4)), plain(whole.subarray(1, 4)));
          assert.equal(list.toString('utf8', 0, 3), whole.toString('utf8', 0, 3));
          if (whole.length >= 4) {
            assert.equal(list.readUInt8(3), whole[3]);
            assert.equal(list.readUInt16BE(1), whole.readUInt16BE(1));
            assert.equal(list.readUInt32BE(0), whole.readUInt32BE(0));
          }
        });
      }),
    );
  });
});

describe('what stands for EventEmitter in the bundle for browsers', () => {
  const listener = fc.nat(3);
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('on' as const, 'once' as const, 'off' as const), listener }),
    fc.record({ do: fc.constantFrom('emit' as const, 'clear' as const), listener }),
  );

  it('calls whom Node’s would call, in that order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [ours, real] = [new EventEmitter(), new NodeEmitter()].map((emitter) => {
          const log: string[] = [];
          // The last one takes the first away while they are called.
          const listeners = [0, 1, 2, 3].map((i) => (...values: unknown[]) => {
            log.push(`${i}:${values.join()}`);
            if (i === 3) emitter.removeListener('event', listeners[0]!);
          });
          for (const one of steps) {
            const chosen = listeners[one.listener]!;
            if (one.do === 'emit') log.push(`${emitter.emit('event', one.listener, 'x')}`);
            else if (one.do === 'clear') emitter.removeAllListeners('event');
            else emitter[one.do]('event', chosen);
            log.push(`${emitter.listenerCount('event')}`);
          }
          return log;
        });
        assert.deepEqual(ours, real);
      }),
    );
  });

  it('throws an error that nobody listens to', () => {
    assert.throws(() => new EventEmitter().emit('error', new Error('unheard')), /unheard/);
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
