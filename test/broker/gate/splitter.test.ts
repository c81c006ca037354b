import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ProtocolFault } from '../../../broker/gate/fault.ts';
import { Splitter } from '../../../broker/gate/splitter.ts';
import { packet } from '../../../broker/gate/writer.ts';

/** Gives the bytes in chunks of these sizes and answers the packets that were found. */
function split(bytes: Buffer, sizes: readonly number[], maximum = 1_000_000): Buffer[] {
  const splitter = new Splitter(maximum);
  const found: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : sizes[i % sizes.length]!;
    const look = splitter.add(bytes.subarray(at, at + size));
    at += size;
    if (look === undefined) continue;
    let from = 0;
    while (from < look.length && splitter.find(look, from)) {
      found.push(look.subarray(from, splitter.end));
      from = splitter.end;
    }
  }
  assert.equal(splitter.kept, 0);
  return found;
}

describe('Splitter', () => {
  it('finds the same packets however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 6 }),
        (bodies, sizes) => {
          const packets = bodies.map((body) => packet(0x30, body));
          assert.deepEqual(split(Buffer.concat(packets), sizes), packets);
        },
      ),
    );
  });

  it('refuses a packet that is too large from its header alone (0x95), and a length of five bytes (0x81)', () => {
    const faultOf = (...bytes: number[]): number => {
      try {
        new Splitter(100).find(Buffer.from(bytes), 0);
      } catch (error) {
        return (error as ProtocolFault).reason;
      }
      return 0;
    };
    assert.equal(faultOf(0x30, 99), 0x95);
    assert.equal(faultOf(0x30, 98), 0);
    assert.equal(faultOf(0x30, 0xff, 0xff, 0xff, 0xff, 0x01), 0x81);
  });
});
