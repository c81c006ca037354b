import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generate } from 'mqtt-packet';
import { ChatClient, textMessage } from '../support/chat-client.ts';
import { PacketClient } from '../support/packet-client.ts';
import { Petrel } from '../support/petrel.ts';
import { expiresIn, mint } from '../support/token.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

interface SignedIn {
  readonly uid: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
  readonly tokenType: string;
}

describe('a user who registers over HTTP', () => {
  const password = 'correct horse battery';

  it('connects with the token of the registration', async () => {
    const { status, body } = await petrel.api().post<SignedIn>('/auth/register', { uid: 'rita', password });
    assert.equal(status, 201);
    assert.equal(body.uid, 'rita');
    assert.equal(body.tokenType, 'Bearer');
    assert.ok(body.expiresIn > 0);
    for (const version of [3, 4, 5] as const)
      for (const username of ['rita', '']) {
        const options = { version, username, password: body.accessToken, clientId: `v${version}` };
        const client = await ChatClient.connect(petrel.port('mqtt'), options);
        assert.equal(client.reason, 0, `${version} "${username}"`);
        await client.disconnect();
      }
  });

  it('connects with the token of a later login', async () => {
    await petrel.api().post('/auth/register', { uid: 'lena', password });
    const login = await petrel
      .api()
      .post<SignedIn>('/auth/login', { uid: 'lena', password, device: 'phone' });
    assert.equal(login.status, 200);
    const me = await petrel.api(login.body.accessToken).get('/me');
    assert.equal(me.body.uid, 'lena');
    await petrel.known('lena').connect({ password: login.body.accessToken });
  });

  it('is told of a wrong password, a taken uid and a bad uid', async () => {
    await petrel.api().post('/auth/register', { uid: 'otto', password });
    const wrong = await petrel.api().post('/auth/login', { uid: 'otto', password: `${password}.` });
    assert.deepEqual([wrong.status, wrong.body.code], [401, 'auth.bad-credentials']);
    assert.match(wrong.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const unknown = await petrel.api().post('/auth/login', { uid: 'nobody', password });
    assert.deepEqual([unknown.status, unknown.body.code], [401, 'auth.bad-credentials']);
    const taken = await petrel.api().post('/auth/register', { uid: 'otto', password });
    assert.deepEqual([taken.status, taken.body.code], [409, 'user.exists']);
    for (const uid of ['Otto', '', '-x', 'system', 'anonymous']) {
      const { status } = await petrel.api().post('/auth/register', { uid, password });
      assert.ok(status === 400 || status === 409, `${uid}: ${status}`);
    }
    const short = await petrel.api().post('/auth/register', { uid: 'short', password: '1234567' });
    assert.equal(short.status, 400);
  });

  it('cannot take the uid of a user first seen in a trusted token', async () => {
    const alice = await petrel.user('alice');
    const { status, body } = await petrel.api().post('/auth/register', { uid: alice.uid, password });
    assert.deepEqual([status, body.code], [409, 'user.exists']);
  });

  it('refreshes once with each refresh token; a second use ends the whole family', async () => {
    const { body } = await petrel.api().post<SignedIn>('/auth/register', { uid: 'rudi', password });
    const refresh = (refreshToken: string) => petrel.api().post<SignedIn>('/auth/refresh', { refreshToken });
    const next = await refresh(body.refreshToken);
    assert.equal(next.status, 200);
    await petrel.known('rudi').connect({ password: next.body.accessToken });
    const reused = await refresh(body.refreshToken);
    assert.deepEqual([reused.status, (reused.body as { code?: string }).code], [401, 'auth.refresh-reused']);
    assert.equal((await refresh(next.body.refreshToken)).status, 401);
  });

  it('finds the keys of its tokens at /.well-known/jwks.json', async () => {
    const reply = await fetch(`${petrel.url('http')}/.well-known/jwks.json`);
    const { keys } = (await reply.json()) as { keys: Record<string, unknown>[] };
    assert.ok(keys.length > 0);
    for (const key of keys) {
      assert.equal(key.kty, 'EC');
      assert.equal(key.d, undefined);
    }
  });
});

describe('CONNECT', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sub = 'mallory';
  const unsigned = `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub, exp: expiresIn(60) })}.`;
  const badTokens: Readonly<Record<string, string>> = {
    'no token': '',
    'a token that is garbage': 'garbage',
    'a token with a NUL in it': 'a.b\0.c',
    'a token with alg none': unsigned,
    'a token of another secret': mint({ sub }, { key: 'another secret, also of 32 bytes or more' }),
    'a token of another typ': mint({ sub }, { header: { typ: 'at+jwt' } }),
    'a token of another issuer': mint({ sub, iss: 'elsewhere' }),
    'a token for another audience': mint({ sub, aud: 'elsewhere' }),
    'a token without exp': mint({ sub, exp: undefined }),
    'a token that has expired': mint({ sub, exp: expiresIn(-60) }),
    'a token that is not valid yet': mint({ sub, nbf: expiresIn(600) }),
    'a token without a subject': mint({}),
    'a token for what is no uid': mint({ sub: 'Mallory/+' }),
  };
  for (const [name, password] of Object.entries(badTokens))
    it(`with ${name} is refused with 0x86, and with return code 4 in MQTT 3.1.1`, async () => {
      for (const [version, code] of [
        [5, 0x86],
        [4, 4],
      ] as const) {
        const client = await ChatClient.connect(petrel.port('mqtt'), { version, username: '', password });
        assert.equal(client.reason, code);
        assert.equal(client.connack.sessionPresent, false);
        await client.closed;
      }
    });

  it('with the user name of another is refused with 0x86', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    for (const [version, code] of [
      [5, 0x86],
      [4, 4],
    ] as const) {
      const client = await alice.tryConnect({ version, username: bob.uid });
      assert.equal(client.reason, code);
      await client.closed;
    }
  });

  it('with authentication method jwt takes the token as its data', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const properties = { authenticationMethod: 'jwt', authenticationData: Buffer.from(alice.token) };
    const client = await ChatClient.connect(petrel.port('mqtt'), { properties });
    assert.equal(client.reason, 0);
    assert.equal(client.connack.properties?.authenticationMethod, 'jwt');
    assert.equal((await client.publish(`send/u/${bob.uid}`, 'hi')).reason, 0);
  });

  it('with another authentication method is refused with 0x8C', async () => {
    const alice = await petrel.user('alice');
    const properties = { authenticationMethod: 'SCRAM-SHA-1', authenticationData: Buffer.from(alice.token) };
    const client = await ChatClient.connect(petrel.port('mqtt'), { properties });
    assert.equal(client.reason, 0x8c);
    await client.closed;
  });

  it('with a client id that is too long is refused with 0x85', async () => {
    const alice = await petrel.user('alice');
    const client = await alice.tryConnect({ clientId: 'x'.repeat(10_000) });
    assert.equal(client.reason, 0x85);
    await client.closed;
  });

  it('without a client id for a session that is kept is refused in MQTT 3.1.1 with return code 2', async () => {
    const alice = await petrel.user('alice');
    const client = await PacketClient.open(petrel.port('mqtt'), 4);
    const bytes = generate({
      cmd: 'connect',
      clientId: '',
      clean: true,
      username: alice.uid,
      password: Buffer.from(alice.token),
    });
    // No library writes this CONNECT: the clean session flag, behind the protocol level, is taken out by hand.
    const flags = bytes.indexOf('MQTT') + 5;
    bytes[flags] = bytes[flags]! & ~0x02;
    client.write(bytes);
    // [MQTT-3.1.3-8]
    assert.equal((await client.next('connack')).returnCode, 2);
    await client.closed;
  });

  it('without a client id gets one assigned', async () => {
    const alice = await petrel.user('alice');
    const [first, second] = [await alice.connect(), await alice.connect()];
    const [one, other] = [first, second].map(({ connack }) => connack.properties?.assignedClientIdentifier);
    assert.ok(one && other && one !== other);
    const named = await alice.connect({ clientId: 'phone' });
    assert.equal(named.connack.properties?.assignedClientIdentifier, undefined);
  });

  it('is told the limits of the server', async () => {
    const alice = await petrel.user('alice');
    const { connack } = await alice.connect({ keepalive: 0, expiry: 0xffff_ffff });
    const { receiveMaximum, maximumPacketSize, topicAliasMaximum, serverKeepAlive, sessionExpiryInterval } =
      connack.properties ?? {};
    assert.deepEqual(
      { receiveMaximum, maximumPacketSize, topicAliasMaximum, serverKeepAlive, sessionExpiryInterval },
      {
        receiveMaximum: 256,
        maximumPacketSize: 262_144,
        topicAliasMaximum: 16,
        serverKeepAlive: 1200,
        sessionExpiryInterval: 2_592_000,
      },
    );
  });

  it('with the client id of a connection takes its session over, which ends with 0x8E', async () => {
    const alice = await petrel.user('alice');
    const first = await alice.connect({ clientId: 'phone' });
    const second = await alice.connect({ clientId: 'phone' });
    assert.equal((await first.ending())?.reasonCode, 0x8e);
    const old = await alice.connect({ clientId: 'phone', version: 4 });
    assert.equal((await second.ending())?.reasonCode, 0x8e);
    const third = await alice.connect({ clientId: 'phone' });
    assert.equal(await old.ending(), undefined);
    await third.ping();
  });

  it('with the client id of another user touches nobody', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { clientId: 'phone', clean: false, expiry: 600 };
    const a = await alice.connect(options);
    const b = await bob.connect(options);
    assert.equal(b.connack.sessionPresent, false);
    await a.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    assert.equal((await b.event()).id, 'c-1');
    await b.disconnect();
    await a.ping();
    assert.equal((await alice.connect(options)).connack.sessionPresent, true);
  });

  for (const clientId of ['constructor', '__proto__', 'toString', 'a/b', '#', 'ü'])
    it(`takes the client id ${clientId}`, async () => {
      const alice = await petrel.user('alice');
      const options = { clientId, clean: false, expiry: 600 };
      const first = await alice.connect(options);
      assert.equal(first.connack.sessionPresent, false);
      await first.disconnect();
      const second = await alice.connect(options);
      assert.equal(second.connack.sessionPresent, true);
      await second.publish(`send/u/${alice.uid}`, textMessage('c-1', 'hi'));
      assert.equal((await second.event()).id, 'c-1');
    });
});

describe('an MQTT 5 client', () => {
  it('that wants no problem information gets bare reason codes', async () => {
    const alice = await petrel.user('alice');
    const client = await alice.connect({ properties: { requestProblemInformation: false } });
    const ack = await client.publish('send/u/nobody', 'hi');
    assert.equal(ack.reason, 0x90);
    assert.equal(ack.reasonString, undefined);
  });

  it('may use topic aliases', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    const topic = `send/u/${bob.uid}`;
    await from.publish(topic, 'one', 1, { properties: { topicAlias: 3 } });
    await from.publish('', 'two', 1, { properties: { topicAlias: 3 } });
    assert.deepEqual(
      (await to.events(2)).map(({ body }) => body?.text),
      ['one', 'two'],
    );
    from.post('', 'three', 1, { properties: { topicAlias: 4 } });
    assert.ok([0x82, 0x94].includes((await from.ending())?.reasonCode ?? 0));
  });
});
