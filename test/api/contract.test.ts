import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { InjectOptions } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { membersOf, partsOf, pathMembers } from '../../api/documents/input.ts';
import { examples } from '../../api/examples.ts';
import type { Operation } from '../../api/operation.ts';
import { createOperations } from '../../api/operations/table.ts';
import type { Services } from '../../api/services.ts';
import { errors } from '../../schemas/errors.ts';
import { type Answer, type Ask, doors } from './doors.ts';
import { startApi, type TestApi } from './server.ts';

const operations = createOperations({} as unknown as Services);
const exampleOf = ({ name }: Operation): Record<string, unknown> => ({ ...examples[name]?.input });

/** Values of every type but that of the member, which no schema takes for it. */
const wrongValues: readonly unknown[] = [[[]], { wrong: [true] }, -1.5, true, ''];

const fits = (schema: TSchema, value: unknown): boolean => Compile(schema).Check(value);

for (const door of doors) {
  describe(`every operation over ${door.name}`, () => {
    let api: TestApi;
    let ask: Ask;

    before(async () => {
      api = await startApi();
      ask = door.open(api);
      // What the examples are about, as far as nothing is refused before the input is looked at.
      const alice = await api.token('alice');
      await api.token('bob').then((bob) => ask('me.get', {}, bob));
      const { conv } = exampleOf(operations.find(({ name }) => name === 'messages.send')!);
      for (let i = 1; i <= 7; i++)
        await ask('messages.send', { conv, id: `m-${i}`, type: 'text', body: { text: 'x' } }, alice);
    });
    after(() => api.stop());

    const assertCode = (answer: Answer, code: string | readonly string[], what: string) => {
      const codes = typeof code === 'string' ? [code] : code;
      assert.ok(codes.includes(answer.code!), `${what}: ${answer.code} is not ${codes.join(' or ')}`);
      if (answer.status !== undefined)
        assert.equal(answer.status, errors[answer.code as keyof typeof errors].status, what);
    };
    /** A token of one who may ask for the operation. */
    const token = ({ access }: Operation) => api.token('alice', access === 'admin' ? { scope: 'admin' } : {});
    /** What does not fit: the operations that check their payload themselves say so with a code of their own. */
    const misfit = ({ payload }: Operation) =>
      payload === undefined ? 'request.invalid' : ['request.invalid', 'payload.invalid'];

    for (const operation of operations) {
      const { name, access, method } = operation;
      const inQuery = method === 'GET' || method === 'DELETE';

      if (access !== 'none')
        it(`${name} wants a token that is good`, async () => {
          assertCode(await ask(name, exampleOf(operation)), 'auth.bad-token', 'none');
          assertCode(await ask(name, exampleOf(operation), 'x.y.z'), 'auth.bad-token', 'nonsense');
          const late = await api.token('late', { exp: Math.floor(api.now() / 1000) - 60 });
          assertCode(await ask(name, exampleOf(operation), late), 'auth.expired', 'expired');
        });

      if (access === 'admin')
        it(`${name} wants the scope admin`, async () => {
          const other = await api.token('nobody', { scope: 'internal administrator' });
          assertCode(await ask(name, exampleOf(operation), other), 'auth.forbidden', 'another scope');
        });

      it(`${name} refuses members that it does not know`, async () => {
        const input = { ...exampleOf(operation), surplus: '1' };
        assertCode(await ask(name, input, await token(operation)), misfit(operation), 'surplus');
      });

      it(`${name} refuses what is missing and what has another type`, async () => {
        const asker = await token(operation);
        const { path } = partsOf(operation);
        for (const { name: member, schema, required } of membersOf(operation)) {
          const { [member]: _, ...rest } = exampleOf(operation);
          const inPath = path.some((one) => one.name === member);
          if (required && !inPath)
            assertCode(await ask(name, rest, asker), misfit(operation), `without ${member}`);
          // A text of the query may be anything that is no text over MQTT.
          const values = inPath || inQuery ? ['', 'no such thing\u0000'] : wrongValues;
          for (const value of values.filter((one) => !fits(schema, one))) {
            // An empty member of the path is another path.
            if (inPath && value === '' && door.name === 'HTTP') continue;
            const what = `${member} ${JSON.stringify(value)}`;
            assertCode(await ask(name, { ...rest, [member]: value }, asker), misfit(operation), what);
          }
        }
      });

      if (membersOf(operation).some((member) => member.name === 'limit'))
        it(`${name} refuses a limit that is none`, async () => {
          const asker = await token(operation);
          for (const limit of [0, -1, 1.5, 1_000_000, 'many']) {
            const answer = await ask(name, { ...exampleOf(operation), limit }, asker);
            assertCode(answer, 'request.invalid', String(limit));
          }
        });

      if (membersOf(operation).some((member) => member.name === 'cursor'))
        it(`${name} refuses a cursor that it did not make`, async () => {
          const asker = await token(operation);
          for (const cursor of ['!', 'a b', '%', 'YQ==', '', 'x'.repeat(600)]) {
            const answer = await ask(name, { ...exampleOf(operation), cursor }, asker);
            assertCode(answer, 'request.invalid', cursor);
          }
        });
    }
  });
}

describe('every operation', () => {
  const apis: TestApi[] = [];
  before(async () => {
    for (const _ of doors) apis.push(await startApi());
  });
  after(() => Promise.all(apis.map((api) => api.stop())));

  for (const operation of operations)
    it(`${operation.name} answers the same over both doors`, async () => {
      const claims = operation.access === 'admin' ? { scope: 'admin' } : {};
      const answers = [];
      for (const [i, api] of apis.entries()) {
        const token = await api.token(`same-${operation.name}`, claims);
        const { code, data } = await doors[i]!.open(api)(operation.name, exampleOf(operation), token);
        answers.push({ code, members: code === undefined ? Object.keys(data).sort() : undefined });
      }
      assert.deepEqual(answers[1], answers[0]);
    });

  for (const operation of operations.filter((one) => pathMembers(one).length > 0))
    it(`${operation.name} takes members of the path percent-encoded`, async () => {
      const [api] = apis as [TestApi];
      const claims = operation.access === 'admin' ? { scope: 'admin' } : {};
      const input = exampleOf(operation);
      const { query, body } = partsOf(operation);
      const pick = (members: readonly { name: string }[]) =>
        Object.fromEntries(
          members.flatMap(({ name }) => (input[name] === undefined ? [] : [[name, input[name]]])),
        );
      const codes = [];
      for (const encode of [encodeURIComponent, encodeAll]) {
        const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, member: string) =>
          encode(String(input[member])),
        );
        const token = await api.token(`path-${operation.name}-${codes.length}`, claims);
        const response = await api.http.inject({
          method: operation.method,
          url: `/v1${path}`,
          headers: { authorization: `Bearer ${token}` },
          query: pick(query),
          ...(body.length > 0 && { payload: pick(body) }),
        } as InjectOptions);
        codes.push([response.statusCode >= 400, (response.body && response.json().code) as unknown]);
      }
      assert.deepEqual(codes[1], codes[0]);
      assert.notEqual(codes[0]![1], 'request.unknown-operation');
    });

  it('that wants a user is forbidden to anonymous clients', async () => {
    const identity = { uid: 'anonymous', scopes: new Set<string>(), expiresAt: Number.POSITIVE_INFINITY };
    for (const operation of operations.filter(({ access }) => access !== 'none')) {
      const payload = Buffer.from(JSON.stringify(exampleOf(operation)));
      const answer = await apis[0]!.rpc(operation.name, payload, { identity, address: '192.0.2.1' });
      assert.equal(answer.ok ? undefined : answer.error.code, 'auth.forbidden', operation.name);
    }
  });

  it('is asked over both doors by a suite of its family', () => {
    const folder = fileURLToPath(new URL('../../../test/api/', import.meta.url));
    const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts') && basename(path) !== 'contract.test.ts')
      .map((path) => readFileSync(`${folder}${path}`, 'utf8'))
      .filter((text) => /\bof doors\b/.test(text));
    assert.ok(texts.length > 0);
    assert.deepEqual(
      operations.map(({ name }) => name).filter((name) => !texts.some((text) => text.includes(`'${name}'`))),
      [],
    );
  });

  it('declares errors that there are, and none twice', () => {
    for (const { name, errors: codes } of operations) {
      assert.deepEqual(
        codes.filter((code) => errors[code] === undefined),
        [],
        name,
      );
      assert.equal(new Set(codes).size, codes.length, name);
    }
  });
});

const encodeAll = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
