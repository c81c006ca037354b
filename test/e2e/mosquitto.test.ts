import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { findMosquittoClients } from '../servers/mosquitto-clients.ts';
import { withReal } from '../servers/not-available.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

await withReal('mosquitto-clients', findMosquittoClients, (clients) => {
  const petrel = new Petrel();
  before(() => petrel.start());
  after(() => petrel.remove());

  const as = (user: User, version: string): string[] => {
    const port = String(petrel.port('mqtt'));
    return ['-h', '127.0.0.1', '-p', port, '-V', version, '-u', user.uid, '-P', user.token];
  };
  const say = (from: User, to: User, version: string, text: string) =>
    clients.publish([...as(from, version), '-q', '1', '-t', `send/u/${to.uid}`, '-m', text]);
  const textOf = (line: string): string => JSON.parse(line).body.text;
  const persistent = (version: string): string[] =>
    version === '5' ? ['-c', '-x', '600', '-i', 'phone'] : ['-c', '-i', 'phone'];

  for (const version of ['5', '311'])
    describe(`mosquitto_pub and mosquitto_sub -V ${version}`, () => {
      it('chat in both directions in plain text', async () => {
        const [alice, bob] = await petrel.users('alice', 'bob');
        const listen = (user: User) =>
          clients.subscribe([...as(user, version), '-q', '1', '-t', `u/${user.uid}`]);
        const [a, b] = [listen(alice), listen(bob)];
        const online = (user: User) =>
          until('the subscriber', async () => {
            await say(user, user, version, 'ready?');
            return (user === alice ? a : b).lines.length > 0;
          });
        await Promise.all([online(alice), online(bob)]);
        const [before, beforeB] = [a.lines.length, b.lines.length];
        assert.equal((await say(alice, bob, version, 'hello bob')).code, 0);
        await b.received(beforeB + 1);
        assert.equal((await say(bob, alice, version, 'hello alice, grüße 🐦')).code, 0);
        const texts = (await a.received(before + 2)).slice(before).map(textOf);
        assert.deepEqual(texts, ['hello bob', 'hello alice, grüße 🐦']);
        await b.received(beforeB + 2);
        await Promise.all([a.stop(), b.stop()]);
      });

      it('find what was said while they were away', async () => {
        const [alice, bob] = await petrel.users('alice', 'bob');
        const session = [...as(bob, version), ...persistent(version), '-q', '1', '-t', `u/${bob.uid}`];
        // -E ends it once it has subscribed.
        assert.equal((await clients.subscribe([...session, '-E']).ended).code, 0);
        for (const text of ['one', 'two', 'three']) await say(alice, bob, version, text);
        const { code, output } = await clients.subscribe([...session, '-C', '3', '-W', '10']).ended;
        assert.equal(code, 0);
        assert.deepEqual(output.split('\n').map(textOf), ['one', 'two', 'three']);
      });

      it('are told that a token is bad', async () => {
        const alice = await petrel.user('alice');
        const args = ['-p', String(petrel.port('mqtt')), '-V', version, '-u', alice.uid, '-P', 'wrong'];
        const { code } = await clients.publish([...args, '-t', 'send/u/x', '-m', 'x']);
        assert.notEqual(code, 0);
      });
    });

  it('mosquitto_sub finds what was said before and after the server was killed', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const versions = ['5', '311'];
    // Each version has a session of its own.
    const session = (version: string) => [
      ...as(bob, version),
      ...persistent(version),
      ...['-i', `phone-${version}`, '-q', '1', '-t', `u/${bob.uid}`],
    ];
    for (const version of versions)
      assert.equal((await clients.subscribe([...session(version), '-E']).ended).code, 0);
    assert.equal((await say(alice, bob, '5', 'before')).code, 0);
    await petrel.kill();
    await petrel.start();
    assert.equal((await say(alice, bob, '311', 'after')).code, 0);
    for (const version of versions) {
      const { code, output } = await clients.subscribe([...session(version), '-C', '2', '-W', '10']).ended;
      assert.equal(code, 0);
      assert.deepEqual(output.split('\n').map(textOf), ['before', 'after']);
    }
  });

  describe('mosquitto_pub -V 5', () => {
    it('is told of a refusal', async () => {
      const alice = await petrel.user('alice');
      const { errors } = await clients.publish([
        ...as(alice, '5'),
        '-q',
        '1',
        '-t',
        'send/u/nobody',
        '-m',
        'x',
      ]);
      assert.match(errors, /Topic name invalid/i);
    });
  });

  describe('mosquitto_rr', () => {
    it('gets the answer to a request', async () => {
      const alice = await petrel.user('alice');
      const { code, output } = await clients.request([
        ...as(alice, '5'),
        '-t',
        'req/me.get',
        '-e',
        'res/1',
        '-m',
        '{}',
        '-W',
        '10',
      ]);
      assert.equal(code, 0);
      assert.equal(JSON.parse(output).data.uid, alice.uid);
    });
  });
});
