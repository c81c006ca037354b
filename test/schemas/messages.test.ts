import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PetrelError } from '../../schemas/errors.ts';
import { parseOutgoing } from '../../schemas/messages.ts';

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const custom = (levels: number) => `{"id":"a","type":"custom","body":{"kind":"k","a":${nested(levels)}}}`;
const edit = (levels: number) =>
  `{"id":"a","type":"edit","body":{"target":1,"body":{"a":${nested(levels)}}}}`;

describe('a payload', () => {
  it('may have a body of a hundred levels, and no more, however many a client sends', () => {
    assert.equal(parseOutgoing(Buffer.from(custom(100))).type, 'custom');
    for (const payload of [custom(101), custom(100_000), edit(100), edit(100_000)])
      assert.throws(
        () => parseOutgoing(Buffer.from(payload)),
        (error) => error instanceof PetrelError && error.code === 'payload.invalid',
      );
  });
});
