import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createWebSocketStream, WebSocket } from 'ws';
import { binary } from '../servers/binary.ts';
import { withReal } from '../servers/not-available.ts';
import { freePort, type RunningProcess, startListening } from '../servers/process.ts';
import { ChatClient, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import { output, read, root } from './tools.ts';

/** docker/haproxy.cfg with other ports, in front of these nodes instead of containers that Docker's DNS knows. */
function configuration(ports: { mqtt: number; http: number }, nodes: readonly Petrel[]): string {
  const servers = (door: 'mqtt' | 'http') =>
    nodes
      .map((node, i) => `    server node-${i} 127.0.0.1:${node.port(door)} check port ${node.port('http')}`)
      .join('\n');
  const text = read('docker/haproxy.cfg')
    .replace('bind :1883', `bind 127.0.0.1:${ports.mqtt}`)
    .replace('bind :8080', `bind 127.0.0.1:${ports.http}`)
    .replaceAll('check port 8080 ', '')
    .replaceAll(/^ {4}server-template \w+ \d+ \w+:1883 .*$/gm, servers('mqtt'))
    .replaceAll(/^ {4}server-template \w+ \d+ \w+:8080 .*$/gm, servers('http'));
  assert.doesNotMatch(text, /server-template|:1883|:8080/);
  return text;
}

const connections = async (node: Petrel): Promise<number> => {
  const text = await (await fetch(`${node.url('http')}/metrics`)).text();
  return [...text.matchAll(/^petrel_connections\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
};

describe('docker/haproxy.cfg', async () => {
  await withReal(
    'HAProxy',
    () => binary('haproxy', 'haproxy'),
    (haproxy) => {
      it('is what HAProxy takes', async () => {
        const { code, text } = await output(haproxy, ['-c', '-f', join(root, 'docker/haproxy.cfg')]);
        assert.equal(code, 0, text);
        assert.doesNotMatch(text, /WARNING|ALERT/);
      });

      describe('in front of two nodes', () => {
        const env = {
          PETREL_HTTP_TRUST_PROXY: 'true',
          PETREL_LIMITS_LOGIN_ATTEMPTS: '2',
          PETREL_MQTT_DRAIN_TIME: '2',
        };
        const nodes = [new Petrel(env), new Petrel(env)] as const;
        const folder = mkdtempSync(join(tmpdir(), 'petrel-balancer-'));
        let running: RunningProcess;
        let ports: { mqtt: number; http: number };
        const here = { username: '', password: '' };

        before(async () => {
          await Promise.all(nodes.map((node) => node.start()));
          ports = { mqtt: await freePort(), http: await freePort() };
          const file = join(folder, 'haproxy.cfg');
          writeFileSync(file, configuration(ports, nodes));
          running = await startListening(haproxy, ['-db', '-f', file], ports.mqtt);
          here.password = nodes[0].known('alice').token;
        });
        after(async () => {
          await running?.stop();
          await Promise.all(nodes.map((node) => node.remove()));
          rmSync(folder, { recursive: true, force: true });
        });

        const connect = (clientId: string) => ChatClient.connect(ports.mqtt, { ...here, clientId });

        it('spreads MQTT over TCP evenly', async () => {
          const clients = await Promise.all(Array.from({ length: 10 }, (_, i) => connect(`c-${i}`)));
          assert.deepEqual(
            clients.map(({ reason }) => reason),
            clients.map(() => 0),
          );
          assert.deepEqual(await Promise.all(nodes.map(connections)), [5, 5]);
          const ack = await clients[0]!.publish('send/u/alice', textMessage('m-1', 'hi'));
          assert.equal(ack.reason, 0);
          await Promise.all(clients.map((client) => client.disconnect()));
        });

        it('takes MQTT over WebSocket', async () => {
          const socket = new WebSocket(`ws://127.0.0.1:${ports.http}/mqtt`, 'mqtt');
          const client = await ChatClient.connect(createWebSocketStream(socket), { ...here, clientId: 'ws' });
          assert.equal(client.reason, 0);
          await client.ping();
          await client.drop();
        });

        it('serves the API, and nothing of what is for operators', async () => {
          const status = async (path: string) =>
            (
              await fetch(`http://127.0.0.1:${ports.http}${path}`, {
                headers: { authorization: `Bearer ${here.password}` },
              })
            ).status;
          assert.equal(await status('/v1/me'), 200);
          assert.equal(await status('/openapi.json'), 200);
          for (const path of ['/metrics', '/healthz', '/readyz']) assert.equal(await status(path), 404, path);
        });

        it('believes nobody who says where they come from', async () => {
          const statuses: number[] = [];
          // Each node counts for itself.
          for (let i = 0; i < 6; i++) {
            const answer = await fetch(`http://127.0.0.1:${ports.http}/v1/auth/login`, {
              method: 'POST',
              headers: { 'content-type': 'application/json', 'x-forwarded-for': `192.0.2.${i}` },
              body: JSON.stringify({ uid: 'somebody', password: 'not the right one' }),
            });
            statuses.push(answer.status);
          }
          assert.equal(statuses.at(-1), 429, statuses.join());
        });

        it('brings new clients to the other node while one stops, and breaks no connection before its turn', async () => {
          const before = await Promise.all(Array.from({ length: 10 }, (_, i) => connect(`d-${i}`)));
          const stopped = nodes[0].stop();
          const endings = new Map(before.map((client) => [client, client.ending()]));
          let isStopped = false;
          void stopped.then(() => {
            isStopped = true;
          });
          const newcomers: ChatClient[] = [];
          while (!isStopped) {
            const client = await connect(`new-${newcomers.length}`).catch((error: Error) => error);
            // Who reached the node just as it closed its port has to try again, as every client does.
            if (newcomers.length < 2 && (client instanceof Error || client.reason === 0x88)) continue;
            assert.ok(client instanceof ChatClient, String(client));
            assert.equal(client.reason, 0);
            endings.set(client, client.ending());
            await client.ping();
            newcomers.push(client);
          }
          const isOpen = (client: ChatClient) => client.isOpen;
          await until('clients of the other node alone', () => before.filter(isOpen).length === 5);
          // The first of them may have come before the node heard that it is to stop.
          assert.ok(newcomers.length > 3);
          assert.ok(newcomers.slice(2).every(isOpen));
          const open = [...before, ...newcomers].filter(isOpen);
          assert.equal(await connections(nodes[1]), open.length);
          for (const client of [...before, ...newcomers])
            if (!client.isOpen) assert.equal((await endings.get(client))?.reasonCode, 0x8b);
          for (const client of open) await client.ping();
          await Promise.all(open.map((client) => client.drop()));
          await Promise.allSettled(endings.values());
        });
      });
    },
  );
});
