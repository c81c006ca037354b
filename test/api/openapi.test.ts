import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileErrors, validate } from '@readme/openapi-parser';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { named } from '../../api/documents/components.ts';
import { examples } from '../../api/examples.ts';
import { openApiDocument } from '../../api/openapi.ts';
import { createOperations } from '../../api/operations/table.ts';
import type { Services } from '../../api/services.ts';
import { errors } from '../../schemas/errors.ts';
import { references, resolveIn } from './references.ts';

const operations = createOperations({} as unknown as Services);
const document = JSON.parse(JSON.stringify(openApiDocument(operations, '1.2.3'))) as Document;

interface Content {
  readonly schema: Record<string, unknown>;
  readonly example?: unknown;
  readonly examples?: Record<string, { $ref: string }>;
}

interface Response {
  readonly $ref?: string;
  readonly description: string;
  readonly headers?: Record<string, unknown>;
  readonly content?: Record<string, Content>;
}

interface Described {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { name: string; example?: unknown; required: boolean }[];
  readonly requestBody?: { content: Record<string, Content> };
  readonly responses: Record<string, Response>;
  readonly security: readonly Record<string, readonly string[]>[];
}

interface Document {
  readonly tags: readonly { name: string; description?: string }[];
  readonly paths: Record<string, Record<string, Described>>;
  readonly components: Record<string, Record<string, unknown>>;
}

const described = new Map(
  Object.values(document.paths)
    .flatMap((path) => Object.values(path))
    .map((one) => [one.operationId, one]),
);

const resolve = (reference: string): unknown => resolveIn(document, reference);

describe('the examples of the operations', () => {
  it('are there for each, and for none that is not there', () => {
    const names = operations.map(({ name }) => name).sort();
    assert.deepEqual(Object.keys(examples).sort(), names);
  });

  for (const { name, input, payload, output, status } of operations)
    it(`fit the schemas of ${name}`, () => {
      const example = examples[name];
      const misfit = (schema: unknown, value: unknown) => [...Compile(schema as TSchema).Errors(value)];
      assert.deepEqual(misfit(input, example?.input ?? {}), []);
      if (payload !== undefined) assert.deepEqual(misfit(payload, example?.input ?? {}), []);
      if (status === 204) assert.equal(example?.output, undefined);
      else assert.deepEqual(misfit(output, example?.output), []);
    });
});

describe('the OpenAPI document', () => {
  it('is one, by the specification', async () => {
    const result = await validate(structuredClone(document) as never);
    assert.equal(result.valid, true, result.valid ? '' : compileErrors(result));
    assert.deepEqual(result.warnings, []);
  });

  it('has every operation once', () => {
    assert.deepEqual([...described.keys()].sort(), operations.map(({ name }) => name).sort());
    const addresses = operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
    assert.deepEqual(
      addresses.filter((address, i) => addresses.indexOf(address) !== i),
      [],
    );
  });

  it('refers only to what is there, and holds nothing that nobody refers to', () => {
    const used = new Set(references(document));
    assert.deepEqual(
      [...used].filter((reference) => resolve(reference) === undefined),
      [],
    );
    const kept = Object.entries(document.components)
      .filter(([kind]) => kind !== 'securitySchemes')
      .flatMap(([kind, entries]) => Object.keys(entries).map((name) => `#/components/${kind}/${name}`));
    assert.deepEqual(
      kept.filter((reference) => !used.has(reference)),
      [],
    );
  });

  it('has a name for each shape, whose content is its own', () => {
    const texts = Object.values(named).map((schema) => JSON.stringify(schema));
    assert.equal(new Set(texts).size, texts.length);
  });

  it('explains every tag', () => {
    const used = new Set([...described.values()].flatMap(({ tags }) => tags));
    assert.deepEqual(document.tags.map(({ name }) => name).sort(), [...used].sort());
    assert.deepEqual(
      document.tags.filter(({ description = '' }) => description === '').map(({ name }) => name),
      [],
    );
  });

  it('shows every error as a problem document with its own status', () => {
    for (const { responses, operationId } of described.values())
      for (const [status, given] of Object.entries(responses).filter(([one]) => Number(one) >= 400)) {
        const response = given.$ref === undefined ? given : (resolve(given.$ref) as Response);
        const shown = response.content?.['application/problem+json']?.examples ?? {};
        assert.notDeepEqual(Object.keys(shown), [], `${operationId} ${status}`);
        for (const [code, { $ref }] of Object.entries(shown)) {
          const { value } = resolve($ref) as { value: Record<string, unknown> };
          assert.deepEqual([value.code, String(value.status)], [code, status]);
        }
        const waits = ['429', '503'].includes(status);
        assert.equal(response.headers?.['Retry-After'] !== undefined, waits, `${operationId} ${status}`);
      }
  });

  it('shows every error that an operation may answer', () => {
    for (const { name, errors: codes } of operations) {
      const { responses } = described.get(name)!;
      for (const code of codes) {
        const given = responses[String(errors[code].status)]!;
        const response = given.$ref === undefined ? given : (resolve(given.$ref) as Response);
        assert.ok(response.description.includes(`\`${code}\``), `${name} ${code}`);
      }
    }
  });

  it('has an example of every answer, and of every body and required parameter', () => {
    for (const { name, status, repeatStatus } of operations) {
      const { responses, requestBody, parameters = [] } = described.get(name)!;
      for (const one of [status, repeatStatus ?? status].filter((each) => each !== 204))
        assert.notEqual(responses[one]!.content!['application/json']!.example, undefined, `${name} ${one}`);
      if (requestBody !== undefined)
        assert.notEqual(requestBody.content['application/json']!.example, undefined, name);
      for (const parameter of parameters.filter(({ required }) => required))
        assert.notEqual(parameter.example, undefined, `${name} ${parameter.name}`);
    }
  });

  it('says who may ask', () => {
    for (const { name, access } of operations) {
      const { security, responses } = described.get(name)!;
      const wanted = { none: [], user: [{ bearer: [] }], admin: [{ bearer: ['admin'] }] }[access];
      assert.deepEqual(security, wanted, name);
      assert.equal(responses['401'] !== undefined || access === 'none', true, name);
    }
  });
});
