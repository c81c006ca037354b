import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { Compile } from 'typebox/compile';
import { asyncApiDocument } from '../../api/asyncapi.ts';
import { noticeMessages } from '../../api/documents/messages.ts';
import { topics } from '../../api/documents/topics.ts';
import { createOperations } from '../../api/operations/table.ts';
import type { Services } from '../../api/services.ts';
import { noticeSchemas } from '../../schemas/notices.ts';
import { inboundTopic } from '../../schemas/topics.ts';
import { references, resolveIn } from './references.ts';

interface Message {
  readonly $ref?: string;
  readonly payload: object;
  readonly examples: readonly { readonly payload: unknown }[];
}

interface Document {
  readonly channels: Record<string, { address: string | null; messages: Record<string, Message> }>;
  readonly operations: Record<
    string,
    {
      readonly action: string;
      readonly channel: { $ref: string };
      readonly messages: readonly { $ref: string }[];
      readonly reply?: { readonly channel: { $ref: string }; readonly messages: readonly { $ref: string }[] };
    }
  >;
  readonly components: Record<string, Record<string, unknown>>;
}

const operations = createOperations({} as unknown as Services);
const document = JSON.parse(JSON.stringify(asyncApiDocument(operations, '1.2.3'))) as Document;
const meta = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0.json'), 'utf8'),
) as object;

const resolve = (reference: string): unknown => resolveIn(document, reference);

describe('the AsyncAPI document', () => {
  it('is one, by the specification', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
    const check = ajv.compile(meta);
    assert.equal(check(document), true, JSON.stringify(check.errors?.slice(0, 5), undefined, 1));
  });

  it('refers only to what is there, and holds nothing that nobody refers to', () => {
    const used = new Set(references(document));
    assert.deepEqual(
      [...used].filter((reference) => resolve(reference) === undefined),
      [],
    );
    const kept = Object.entries(document.components).flatMap(([kind, entries]) =>
      Object.keys(entries).map((name) => `#/components/${kind}/${name}`),
    );
    assert.deepEqual(
      kept.filter((reference) => !used.has(reference)),
      [],
    );
  });

  it('has every operation as a request with its reply', () => {
    for (const { name } of operations) {
      const { action, channel, messages, reply } = document.operations[name]!;
      assert.equal(action, 'receive');
      assert.equal((resolve(channel.$ref) as { address: string }).address, `req/${name}`);
      assert.equal(messages.length, 1);
      assert.equal((resolve(reply!.channel.$ref) as { address: null }).address, null);
      assert.deepEqual(
        reply!.messages.map(({ $ref }) => $ref.split('/').at(-1)),
        [name, 'refusal'],
      );
      assert.deepEqual(inboundTopic(`req/${name}`), { kind: 'request', operation: name });
    }
  });

  it('takes as its operations those messages of their channels that they name', () => {
    for (const { channel, messages, reply } of Object.values(document.operations)) {
      for (const { $ref } of messages) assert.ok($ref.startsWith(`${channel.$ref}/messages/`), $ref);
      for (const { $ref } of reply?.messages ?? [])
        assert.ok($ref.startsWith(`${reply!.channel.$ref}/messages/`), $ref);
    }
  });

  it('has every topic that clients publish to or are sent', () => {
    const firsts = new Set(topics.map(({ address }) => address.split('/', 1)[0]));
    assert.deepEqual([...firsts].sort(), ['g', 'n', 'presence', 'read', 'send', 'typing', 'u']);
    for (const { address, direction } of topics) {
      const { kind } = inboundTopic(address.replaceAll(/\{\w+\}/g, 'bob'));
      assert.equal(['send', 'read', 'typing'].includes(kind), direction === 'in', address);
    }
  });

  it('shows examples that fit', () => {
    const ajv = new Ajv({ strict: false });
    ajv.addSchema({ $id: 'document', ...document });
    const messages = [
      ...Object.values(document.channels).flatMap((channel) => Object.values(channel.messages)),
      ...(Object.values(document.components.messages ?? {}) as Message[]),
    ].filter(({ $ref }) => $ref === undefined);
    assert.ok(messages.length > operations.length * 2);
    for (const { payload, examples } of messages) {
      const text = JSON.stringify(payload).replaceAll('"#/', '"document#/');
      const check = ajv.compile(JSON.parse(text) as object);
      assert.ok(examples.length > 0);
      for (const example of examples)
        assert.equal(
          check(example.payload),
          true,
          `${JSON.stringify(example)} ${JSON.stringify(check.errors)}`,
        );
    }
  });
});

describe('the examples of notices', () => {
  it('fit the schemas, each its own and no other of its type', () => {
    assert.ok(noticeMessages.length > 0);
    for (const { name, payload, examples } of noticeMessages)
      for (const example of examples) {
        const type = name.split('.')[1] as keyof typeof noticeSchemas;
        assert.ok(Compile(payload).Check(example), name);
        const fitting = noticeSchemas[type].filter((schema) => Compile(schema).Check(example));
        assert.equal(fitting.length, 1, name);
      }
  });
});
