import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ChatClient } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { expiresIn, mint } from '../support/token.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const jwt = (token: string) => ({ authenticationMethod: 'jwt', authenticationData: Buffer.from(token) });

describe('a token that expires during the connection', () => {
  it('ends it with DISCONNECT 0x87, and in MQTT 3.1.1 without a word', async () => {
    const alice = await petrel.user('alice');
    const password = mint({ sub: alice.uid, exp: expiresIn(1) });
    const five = await alice.connect({ password });
    const three = await alice.connect({ password, version: 4 });
    assert.equal((await five.ending())?.reasonCode, 0x87);
    assert.equal(await three.ending(), undefined);
    assert.equal((await alice.tryConnect({ password })).reason, 0x86);
  });

  it('is prolonged by req/auth.refresh', async () => {
    const registered = { uid: 'rosa', password: 'correct horse' };
    const { body } = await petrel.api().post<SignedIn>('/auth/register', registered);
    const rosa = petrel.known('rosa');
    const password = mint({ sub: 'rosa', exp: expiresIn(1) });
    const [renewed, other] = [await rosa.connect({ password }), await rosa.connect({ password })];
    const answer = await renewed.request('auth.refresh', { refreshToken: body.refreshToken });
    assert.equal(answer.ok, true);
    assert.equal((await other.ending())?.reasonCode, 0x87);
    await renewed.ping();
    const { accessToken } = answer.data as unknown as SignedIn;
    await rosa.connect({ password: accessToken });
  });

  it('is prolonged by AUTH 0x19 with a fresh token', async () => {
    const alice = await petrel.user('alice');
    const exp = expiresIn(1);
    const options = { properties: jwt(mint({ sub: alice.uid, exp })) };
    const port = petrel.port('mqtt');
    const [renewed, other] = [
      await ChatClient.connect(port, options),
      await ChatClient.connect(port, options),
    ];
    renewed.send({ cmd: 'auth', reasonCode: 0x19, properties: jwt(mint({ sub: alice.uid })) });
    const answer = await renewed.next('auth');
    assert.equal(answer.reasonCode, 0);
    assert.equal(answer.properties?.authenticationMethod, 'jwt');
    assert.equal((await other.ending())?.reasonCode, 0x87);
    await renewed.ping();
  });
});

describe('AUTH', () => {
  // 0x86 is no reason code of DISCONNECT.
  it('with a bad token ends the connection with 0x87', async () => {
    const alice = await petrel.user('alice');
    const client = await ChatClient.connect(petrel.port('mqtt'), { properties: jwt(alice.token) });
    client.send({ cmd: 'auth', reasonCode: 0x19, properties: jwt('garbage') });
    assert.equal((await client.ending())?.reasonCode, 0x87);
  });

  it('with the token of another user ends the connection with 0x87', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await ChatClient.connect(petrel.port('mqtt'), { properties: jwt(alice.token) });
    client.send({ cmd: 'auth', reasonCode: 0x19, properties: jwt(bob.token) });
    assert.equal((await client.ending())?.reasonCode, 0x87);
  });

  it('with another method, or where CONNECT named none, is a protocol error', async () => {
    const alice = await petrel.user('alice');
    const other = await ChatClient.connect(petrel.port('mqtt'), { properties: jwt(alice.token) });
    const properties = { ...jwt(alice.token), authenticationMethod: 'other' };
    other.send({ cmd: 'auth', reasonCode: 0x19, properties });
    assert.equal((await other.ending())?.reasonCode, 0x82);
    const plain = await alice.connect();
    plain.send({ cmd: 'auth', reasonCode: 0x19, properties: jwt(alice.token) });
    assert.equal((await plain.ending())?.reasonCode, 0x82);
  });
});

describe('a logout', () => {
  const signIn = async (uid: string, device: string): Promise<SignedIn> =>
    (await petrel.api().post<SignedIn>('/auth/login', { uid, password: 'correct horse', device })).body;

  it("ends the device's connections with 0x98, and no others; its tokens are no good any more", async () => {
    await petrel.api().post('/auth/register', { uid: 'lola', password: 'correct horse' });
    const lola = petrel.known('lola');
    const [phone, laptop] = [await signIn('lola', 'phone'), await signIn('lola', 'laptop')];
    const connections = await Promise.all(
      [phone, phone, laptop].map(({ accessToken }) => lola.connect({ password: accessToken })),
    );
    assert.equal((await petrel.api(phone.accessToken).post('/auth/logout', {})).status, 204);
    assert.equal((await connections[0]!.ending())?.reasonCode, 0x98);
    assert.equal((await connections[1]!.ending())?.reasonCode, 0x98);
    await connections[2]!.ping();
    assert.equal((await petrel.api(phone.accessToken).get('/me')).status, 401);
    assert.equal((await lola.tryConnect({ password: phone.accessToken })).reason, 0x86);
    const refreshed = await petrel.api().post('/auth/refresh', { refreshToken: phone.refreshToken });
    assert.equal(refreshed.status, 401);
    assert.equal((await petrel.api(laptop.accessToken).get('/me')).status, 200);
  });

  it('of all devices ends all connections', async () => {
    await petrel.api().post('/auth/register', { uid: 'lars', password: 'correct horse' });
    const lars = petrel.known('lars');
    const [phone, laptop] = [await signIn('lars', 'phone'), await signIn('lars', 'laptop')];
    const [a, b] = [
      await lars.connect({ password: phone.accessToken }),
      await lars.connect({ password: laptop.accessToken, version: 4 }),
    ];
    await a.publish('req/auth.logout', { all: true });
    assert.equal((await a.ending())?.reasonCode, 0x98);
    assert.equal(await b.ending(), undefined);
    assert.equal((await petrel.api(laptop.accessToken).get('/me')).status, 401);
  });
});
