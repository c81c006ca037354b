import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertRefused, ChatClient } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { mint } from '../support/token.ts';

const petrel = new Petrel({
  PETREL_TOPICS_CUSTOM: JSON.stringify([
    { match: 'plant/#', allow: ['publish', 'subscribe'], scope: 'gardener' },
  ]),
});
before(() => petrel.start());
after(() => petrel.remove());

const jwt = (token: string) => ({ authenticationMethod: 'jwt', authenticationData: Buffer.from(token) });

describe('the scopes of a session that is away', () => {
  it('are known after a restart: what they allow queues for it', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gardener = petrel.known(alice.uid, { scope: 'gardener' });
    const options = { clientId: 'away', clean: false, expiry: 600 };
    const away = await gardener.connect(options);
    assert.deepEqual(await away.subscribe(['plant/#']), [1]);
    await away.disconnect();
    await petrel.kill();
    await petrel.start();
    const other = await petrel.known(bob.uid, { scope: 'gardener' }).connect();
    assert.equal((await other.publish('plant/rose', 'grows')).reason, 0);
    const again = await gardener.connect(options);
    assert.equal((await again.delivery()).payload.toString(), 'grows');
  });
});

describe('a token renewed by AUTH', () => {
  it('opens the custom topics of its scopes, and closes those of the scopes it lacks', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await ChatClient.connect(petrel.port('mqtt'), { properties: jwt(alice.token) });
    const renew = async (claims: object): Promise<void> => {
      const properties = jwt(mint({ sub: alice.uid, ...claims }));
      client.send({ cmd: 'auth', reasonCode: 0x19, properties });
      assert.equal((await client.next('auth')).reasonCode, 0);
    };
    assert.deepEqual(await client.subscribe(['plant/#']), [0x87]);
    assertRefused(await client.publish('plant/rose', 'x'), 0x87, 'topic.forbidden');
    await renew({ scope: 'gardener' });
    assert.deepEqual(await client.subscribe(['plant/#']), [1]);
    assert.equal((await client.publish('plant/rose', 'grows')).reason, 0);
    assert.equal((await client.delivery()).payload.toString(), 'grows');
    await renew({});
    assertRefused(await client.publish('plant/rose', 'x'), 0x87, 'topic.forbidden');
    const gardener = petrel.known(bob.uid, { scope: 'gardener' });
    await (await gardener.connect()).publish('plant/rose', 'withers');
    assert.deepEqual(await client.undelivered(), []);
  });
});
