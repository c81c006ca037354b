import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { binary } from './binary.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { findMosquittoClients } from './mosquitto-clients.ts';
import { withReal } from './not-available.ts';

await withReal(
  'mosquitto',
  async () => ({ clients: await findMosquittoClients(), program: await binary('mosquitto', 'mosquitto') }),
  ({ clients }) =>
    describe('a mosquitto of our own', () => {
      let broker: Mosquitto;
      before(async () => {
        broker = await startMosquitto();
      });
      after(() => broker.stop());

      it('carries a message from its publisher to its subscriber', async () => {
        const port = String(broker.port);
        const subscriber = clients.subscribe(['-p', port, '-t', 'a', '-q', '1', '-v']);
        // Retained: it arrives whoever was first.
        const { code } = await clients.publish(['-p', port, '-t', 'a', '-q', '1', '-r', '-m', 'hello']);
        assert.equal(code, 0);
        assert.deepEqual(await subscriber.received(1), ['a hello']);
        await subscriber.stop();
      });

      it('tells of a client that cannot connect', async () => {
        const { code, errors } = await clients.publish(['-p', '1', '-t', 'a', '-m', 'x']);
        assert.notEqual(code, 0);
        assert.notEqual(errors, '');
      });
    }),
);
