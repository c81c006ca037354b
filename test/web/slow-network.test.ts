import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { startLossyProxy } from './lossy-proxy.ts';
import { onStage } from './stage.ts';
import { agree, noNetwork, numbered, say } from './talk.ts';

const seed = Number(process.env.TEST_NETWORK_SEED ?? Date.now() % 1_000_000);
const count = 20;

await onStage((stage) =>
  describe('a slow network that loses', () => {
    it('brings every message of both ways once and in order', async (t) => {
      t.diagnostic(`TEST_NETWORK_SEED=${seed}`);
      const proxy = await startLossyProxy(stage.petrel.port('http'), seed);
      t.after(() => proxy.close());
      stage.tolerate(...noNetwork);
      const options = { viewport: { width: 1000, height: 3600 } };
      const [alice, bob] = await Promise.all([
        stage.person('alice', { ...options, url: `http://127.0.0.1:${proxy.port}` }),
        stage.person('bob', options),
      ]);
      await Promise.all([alice.signUp(), bob.signUp()]);
      await Promise.all([alice.openChat(bob.uid), bob.openChat(alice.uid)]);

      const devTools = await alice.context.newCDPSession(alice.page);
      await devTools.send('Network.enable');
      const [rate, latency] = [50_000, 400];
      await devTools.send('Network.emulateNetworkConditions', {
        offline: false,
        latency,
        downloadThroughput: rate,
        uploadThroughput: rate,
      });
      proxy.worsen({ latencyMs: latency / 2, loss: 0.05, stallMs: 800, breaks: 0.01 });
      const [fromAlice, fromBob] = [numbered('alice', count), numbered('bob', count)];
      await Promise.all([say(alice, fromAlice), say(bob, fromBob)]);
      await agree(stage.petrel, [alice, bob], [...fromAlice, ...fromBob], 60_000);
      t.diagnostic(`${proxy.lost} segments were lost, ${proxy.broken} connections broke`);
      assert.ok(proxy.lost > 0);
    });
  }),
);
