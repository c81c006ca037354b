import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ChatClient, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { secret } from '../support/token.ts';

const petrel = new Petrel({ PETREL_LOG_LEVEL: 'trace' });
before(() => petrel.start());
after(() => petrel.remove());

const metricsOf = async (server: Petrel): Promise<Map<string, number>> => {
  const text = await (await fetch(`${server.url('http')}/metrics`)).text();
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
};

describe('the health routes', () => {
  it('answer without a token', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics'])
      assert.equal((await fetch(petrel.url('http') + path)).status, 200);
  });

  it('count what happens', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const before = await metricsOf(petrel);
    const grown = (after: Map<string, number>, name: string) =>
      (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const from = await alice.connect();
    const to = await bob.connect({ version: 4 });
    await from.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    await from.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    await from.publish('send/u/nobody', 'hi');
    await Promise.all([from.event(), to.event()]);
    const after = await metricsOf(petrel);
    assert.equal(grown(after, 'petrel_connections{transport="tcp",version="5"}'), 1);
    assert.equal(grown(after, 'petrel_connections{transport="tcp",version="3.1.1"}'), 1);
    assert.equal(grown(after, 'petrel_connects_total{code="ok"}'), 2);
    assert.equal(grown(after, 'petrel_sends_total'), 1);
    assert.equal(grown(after, 'petrel_send_repeats_total'), 1);
    assert.equal(grown(after, 'petrel_send_refusals_total{code="user.not-found"}'), 1);
    assert.equal(grown(after, 'petrel_deliveries_total'), 2);
    assert.ok(grown(after, 'petrel_commit_seconds_count') >= 1);
    await from.disconnect();
    await to.drop();
  });
});

describe('the log', () => {
  it('is JSON lines without a token, a password or a message, at whatever level', async () => {
    const password = 'correct horse battery staple';
    const body = 'the words of a message';
    const registered = await petrel
      .api()
      .post<{ accessToken: string; refreshToken: string }>('/auth/register', { uid: 'lola', password });
    await petrel.api().post('/auth/login', { uid: 'lola', password: `${password}!` });
    await petrel.api(`${registered.body.accessToken}x`).get('/me');
    const [alice, bob] = await petrel.users('alice', 'bob');
    const from = await alice.connect();
    const to = await bob.connect();
    await from.publish(`send/u/${bob.uid}`, textMessage('c-1', body));
    await from.publish(`send/u/${bob.uid}`, `{"id":"x","type":"text","body":"${body}"}`);
    await from.publish('send/u/nobody', body);
    await from.request('auth.refresh', { refreshToken: registered.body.refreshToken });
    await from.request('auth.login', { uid: 'lola', password });
    await to.event();
    const wrong = `${alice.token.slice(0, -3)}abc`;
    await ChatClient.connect(petrel.port('mqtt'), { password: wrong, username: '' });
    await ChatClient.connect(petrel.port('mqtt'), {
      properties: { authenticationMethod: 'jwt', authenticationData: Buffer.from(wrong) },
    });
    await fetch(`${petrel.url('http')}/v1/me?token=${alice.token}`);
    const will = { topic: `send/u/${bob.uid}`, payload: body };
    await (await alice.connect({ will })).drop();
    await to.event();
    from.write(Buffer.from('f000', 'hex'));
    await from.ending();
    await petrel.stop();
    const lines = petrel.output.trim().split('\n');
    assert.ok(lines.length > 5);
    for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), line);
    const signature = (token: string) => token.split('.')[2]!;
    for (const [name, hidden] of Object.entries({
      password,
      body,
      secret,
      'access token': signature(registered.body.accessToken),
      'refresh token': registered.body.refreshToken,
      'minted token': signature(alice.token),
      'wrong token': signature(wrong),
    }))
      assert.ok(!petrel.output.includes(hidden), `the ${name} is in the log`);
  });
});
