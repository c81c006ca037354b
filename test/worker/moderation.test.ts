import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ConfigInput, createConfig } from '../../schemas/config.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { checkOutgoing, documentOf, type MessageType, parseOutgoing } from '../../schemas/messages.ts';
import { createModeration, type Moderation } from '../../worker/moderation.ts';
import { allow, answer, Moderator } from '../support/moderator.ts';
import { until } from '../support/until.ts';

type Settings = NonNullable<ConfigInput['moderation']>;

const route = {
  conv: 'u:alice:bob',
  from: 'alice',
  target: { kind: 'direct', name: 'bob' },
} as const;

const refusedWith = (code: string, message?: string) => (error: unknown) =>
  error instanceof PetrelError && error.code === code && (message === undefined || error.message === message);

describe('moderation', () => {
  let moderator: Moderator;
  let moderation: Moderation | undefined;
  let counted: string[];
  let told: string[];
  let ids = 0;

  beforeEach(async () => {
    moderator = await new Moderator().start();
    counted = [];
    told = [];
  });
  afterEach(async () => {
    moderation?.close();
    await moderator.stop();
  });

  const open = (settings: Settings) => {
    moderation = createModeration(createConfig({ moderation: settings }).moderation, {
      checked: (by, result) => counted.push(`${by} ${result}`),
      failing: (reason) => told.push(reason),
      resting: () => told.push('resting'),
      answering: () => told.push('answering'),
    });
    return moderation;
  };
  const withHook = (settings: Settings = {}) => open({ url: moderator.url, ...settings });
  const check = async (body: object, type = 'text', more: object = {}) => {
    const outgoing = checkOutgoing({ id: `m-${++ids}`, type, body, ...more });
    const bodyType = (type === 'edit' ? 'text' : type) as MessageType;
    return documentOf(await moderation!.moderate(route, outgoing, bodyType)).body;
  };

  it('is nothing where nothing is configured', () => {
    assert.equal(open({}), undefined);
    assert.equal(open({ words: [' '] }), undefined);
  });

  describe('by words', () => {
    it('refuses a text that has one, whatever the type of the message', async () => {
      open({ words: ['damn', '笨蛋'] });
      for (const [type, body] of [
        ['text', { text: 'DAMN it' }],
        ['text', { text: '你是笨蛋' }],
        ['file', { file: 'f-1', name: 'damn.txt' }],
        ['location', { lat: 1, lng: 2, name: 'damn hill' }],
        ['custom', { kind: 'poll', choices: ['yes', { text: 'damn' }] }],
        ['edit', { target: 1, body: { text: 'damn' } }],
      ] as const)
        await assert.rejects(check(body, type), refusedWith('send.rejected'), type);
      assert.deepEqual(new Set(counted), new Set(['words refused']));
    });

    it('lets all else pass as it is, and what only names something', async () => {
      open({ words: ['damn'] });
      for (const [type, body] of [
        ['text', { text: 'nation' }],
        ['file', { file: 'damn', mime: 'damn' }],
        ['custom', { kind: 'damn' }],
      ] as const) {
        const outgoing = checkOutgoing({ id: 'same', type, body });
        assert.equal(await moderation!.moderate(route, outgoing, type), outgoing);
      }
      const fast = parseOutgoing(Buffer.from('{"id":"a","type":"text","body":{"text":"hi"}}'));
      assert.equal(await moderation!.moderate(route, fast, 'text'), fast);
    });

    it('masks them where that is wanted, and nothing else of the message', async () => {
      open({ words: ['damn', '笨蛋'], wordsAction: 'mask' });
      assert.deepEqual(await check({ text: 'Damn, 你这笨蛋' }), { text: '****, 你这**' });
      assert.deepEqual(await check({ target: 3, body: { text: 'oh damn' } }, 'edit'), {
        target: 3,
        body: { text: 'oh ****' },
      });
      assert.deepEqual(await check({ kind: 'damn', a: [{ b: 'damn' }], n: 1 }, 'custom'), {
        kind: 'damn',
        a: [{ b: '****' }],
        n: 1,
      });
      const fast = parseOutgoing(Buffer.from('{"id":"a","type":"text","body":{"text":"damn"}}'));
      const masked = await moderation!.moderate(route, fast, 'text');
      assert.equal(Buffer.from(masked.raw).toString(), '{"id":"a","type":"text","body":{"text":"****"}}');
    });
  });

  describe('by a hook', () => {
    it('asks by a signed POST with all that there is to judge', async () => {
      withHook({ secret: 'a secret of the hook' });
      const body = { text: 'hi' };
      await check(body, 'text', { replyTo: 3, mentions: ['bob'] });
      const [asked] = moderator.asked;
      assert.equal(asked!.method, 'POST');
      assert.deepEqual(asked!.body, {
        conv: 'u:alice:bob',
        from: 'alice',
        to: 'bob',
        id: `m-${ids}`,
        type: 'text',
        body,
        replyTo: 3,
        mentions: ['bob'],
      });
      const hmac = createHmac('sha256', 'a secret of the hook').update(asked!.raw).digest('hex');
      assert.equal(asked!.headers['petrel-signature'], `sha256=${hmac}`);
      assert.equal(asked!.headers['content-type'], 'application/json');
      assert.deepEqual(counted, ['hook allowed']);
    });

    it('does not sign without a secret', async () => {
      withHook();
      await check({ text: 'hi' });
      assert.equal(moderator.asked[0]!.headers['petrel-signature'], undefined);
    });

    it('refuses with the reason that the hook gives, as far as a client may see it', async () => {
      withHook();
      moderator.reply = answer({ action: 'refuse', reason: 'no\r\nlinks' });
      await assert.rejects(check({ text: 'x' }), refusedWith('send.rejected', 'no links'));
      moderator.reply = answer({ action: 'refuse' });
      await assert.rejects(check({ text: 'x' }), refusedWith('send.rejected'));
      moderator.reply = answer({ action: 'refuse', reason: 'x'.repeat(5000) });
      await assert.rejects(check({ text: 'x' }), refusedWith('send.rejected', 'x'.repeat(200)));
    });

    it('stores the body that the hook gives, where it fits the type', async () => {
      withHook();
      moderator.reply = answer({ action: 'replace', body: { text: 'nicer' } });
      assert.deepEqual(await check({ text: 'x' }), { text: 'nicer' });
      await assert.rejects(check({ file: 'f' }, 'image'), refusedWith('moderation.unavailable'));
      moderator.reply = answer({ action: 'replace', body: { target: 99, body: { text: 'nicer' } } });
      const edit = await check({ target: 3, body: { text: 'x' } }, 'edit');
      assert.deepEqual(edit, { target: 3, body: { text: 'nicer' } });
      assert.deepEqual(counted, ['hook changed', 'hook failed', 'hook changed']);
    });

    it('is asked about what the words left', async () => {
      withHook({ words: ['damn'], wordsAction: 'mask' });
      await check({ text: 'damn' });
      assert.deepEqual(moderator.asked[0]!.body.body, { text: '****' });
      assert.deepEqual(counted, ['words changed', 'hook allowed']);
    });

    it('is not asked again about a repeat, only about another message of the same id', async () => {
      withHook();
      const send = (text: string) =>
        moderation!.moderate(route, checkOutgoing({ id: 'one', type: 'text', body: { text } }), 'text');
      await send('hi');
      await send('hi');
      assert.equal(moderator.asked.length, 1);
      await send('other');
      assert.equal(moderator.asked.length, 2);
      moderator.reply = answer({ action: 'refuse' });
      await assert.rejects(send('third'), refusedWith('send.rejected'));
      await assert.rejects(send('third'), refusedWith('send.rejected'));
      assert.equal(moderator.asked.length, 4);
    });

    it('keeps its connection, and does without one that was closed meanwhile', async () => {
      withHook();
      for (let i = 0; i < 5; i++) await check({ text: 'x' });
      assert.equal(moderator.connections, 1);
      for (let i = 0; i < 5; i++) {
        moderator.dropIdle();
        assert.deepEqual(await check({ text: 'x' }), { text: 'x' });
      }
    });

    const faults: Readonly<Record<string, Moderator['reply']>> = {
      'another status': answer({ action: 'allow' }, 500),
      'a redirect': (_, response) => void response.writeHead(307, { location: '/elsewhere' }).end(),
      'no JSON': (_, response) => void response.end('fine'),
      'no object': answer('allow'),
      nothing: answer(null),
      'no known action': answer({ action: 'ponder' }),
      'no body to replace with': answer({ action: 'replace' }),
      'an answer that is too large': answer({ action: 'allow', more: 'x'.repeat(70_000) }),
      'an answer that breaks off': (_, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{');
        response.destroy();
      },
      'no answer': (_, response) => void response.destroy(),
    };
    for (const [name, reply] of Object.entries(faults)) {
      it(`refuses for now, or lets pass, as configured, on ${name}`, async () => {
        moderator.reply = reply;
        withHook();
        await assert.rejects(check({ text: 'x' }), refusedWith('moderation.unavailable'));
        assert.equal(moderator.asked.length, 1);
        assert.equal(told.length, 1);
        withHook({ onFailure: 'allow' });
        assert.deepEqual(await check({ text: 'x' }), { text: 'x' });
        assert.deepEqual(counted, ['hook failed', 'hook failed']);
      });
    }

    it('gives up an answer that takes too long', async () => {
      moderator.reply = () => {};
      withHook({ timeout: 50 });
      await assert.rejects(check({ text: 'x' }), refusedWith('moderation.unavailable'));
      moderator.reply = (_, response) => void response.writeHead(200).write('{"action":');
      await assert.rejects(check({ text: 'x' }), refusedWith('moderation.unavailable'));
      assert.deepEqual(told, ['no answer in time']);
    });

    it('is left alone for a moment when it does not answer, and asked again by one', async () => {
      withHook({ timeout: 200 });
      moderator.reply = () => {};
      for (let i = 0; i < 5; i++) await assert.rejects(check({ text: 'x' }));
      assert.equal(told.at(-1), 'resting');
      const asked = moderator.asked.length;
      for (let i = 0; i < 100; i++)
        await assert.rejects(check({ text: 'x' }), refusedWith('moderation.unavailable'));
      assert.equal(moderator.asked.length, asked);
      moderator.reply = allow;
      await until('the hook to be asked again', () =>
        check({ text: 'x' }).then(
          () => true,
          () => undefined,
        ),
      );
      assert.equal(told.at(-1), 'answering');
      assert.equal(moderator.asked.length, asked + 1);
    });

    it('fails fast where nobody listens', async () => {
      withHook();
      await moderator.stop();
      await assert.rejects(check({ text: 'x' }), refusedWith('moderation.unavailable'));
      assert.deepEqual(told, ['not reached: ECONNREFUSED']);
    });

    it('answers each of many who ask at once', async () => {
      withHook({ timeout: 5000 });
      moderator.reply = ({ body }, response) =>
        answer({ action: 'replace', body: { text: `${body.id}` } })({} as never, response);
      const bodies = await Promise.all(Array.from({ length: 300 }, () => check({ text: 'x' })));
      assert.equal(new Set(bodies.map(({ text }) => text)).size, 300);
      assert.ok(moderator.connections <= 64);
    });
  });
});
