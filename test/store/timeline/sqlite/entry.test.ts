import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  blockOf,
  convOf,
  copyStored,
  decodeEvents,
  eachReplacement,
  encodeSubmissions,
  recordBytes,
  storedSize,
} from '../../../../store/timeline/sqlite/entry.ts';
import { KeyHash } from '../../../../store/timeline/sqlite/hash.ts';
import { submission } from '../../timeline.conformance.ts';

const name = (maxLength: number) =>
  fc.stringMatching(/^[a-z0-9_.-]*$/, { maxLength }).map((text) => text.slice(0, maxLength));
const bytes = fc.uint8Array({ maxLength: 400 });
const event = fc.record({
  conv: name(131),
  from: name(64),
  id: name(64),
  raw: bytes,
  replaces: fc.array(fc.record({ seq: fc.integer({ min: 1, max: 2 ** 32 - 1 }), raw: bytes }), {
    maxLength: 3,
  }),
});

test('an event comes out of a batch, and out of its stored form, as it was put in', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 5 }), (events) => {
      const batch = blockOf(encodeSubmissions(events.map((one) => ({ ...one, counts: true }))));
      let start = recordBytes;
      for (const { conv, from, raw, replaces } of events) {
        assert.equal(convOf(batch, start), conv);
        const replaced: object[] = [];
        eachReplacement(batch, start, (seq, bytes) => replaced.push({ seq, raw: new Uint8Array(bytes) }));
        assert.deepEqual(
          replaced,
          replaces.map(({ seq, raw }) => ({ seq, raw })),
        );
        const stored = blockOf(Buffer.alloc(storedSize(batch, start)));
        assert.equal(copyStored(batch, start, stored, 0), stored.bytes.length);
        const [decoded] = decodeEvents(conv, stored.bytes);
        assert.deepEqual([decoded!.conv, decoded!.from, new Uint8Array(decoded!.raw)], [conv, from, raw]);
        start += batch.view.getUint32(start, true);
      }
      assert.equal(start, batch.bytes.length);
    }),
  );
});

test('refuses names that are too long for it before anything is written', () => {
  assert.throws(() => encodeSubmissions([submission('g:'.padEnd(132, 'x'), 'a', '1')]), RangeError);
  assert.throws(() => encodeSubmissions([submission('g:a', 'a'.repeat(65), '1')]), RangeError);
  assert.throws(() => encodeSubmissions([submission('g:a', 'a', '1'.repeat(65))]), RangeError);
});

test('the hash depends on the secret, the sender and the id, and on nothing else', () => {
  const hashOf = (secret: number, from: string, id: string, conv = 'g:a', text = 'x'): number =>
    new KeyHash(Buffer.alloc(8, secret)).of(
      blockOf(encodeSubmissions([submission(conv, from, id, { raw: Buffer.from(text) })])),
      recordBytes,
    );
  const hash = hashOf(1, 'ab', 'c');
  assert.equal(hashOf(1, 'ab', 'c', 'u:a:b', 'other'), hash);
  const others = [hashOf(2, 'ab', 'c'), hashOf(1, 'a', 'bc'), hashOf(1, 'ab', 'd'), hashOf(1, 'ab', 'c\0')];
  assert.equal(new Set([hash, ...others]).size, 5);
});
