import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { generate } from 'mqtt-packet';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel({
  PETREL_LIMITS_REQUEST_PER_SECOND: '50',
  PETREL_LIMITS_HTTP_PER_SECOND: '100',
  PETREL_AUTH_BCRYPT_COST: '10',
});
before(() => petrel.start());
after(() => petrel.remove());

/** A server that is blocked is so for seconds; on a busy machine the scheduler alone costs hundreds of ms. */
const boundMs = 2000;
const maxGrowthBytes = 80 * 1024 * 1024;

const memory = async (): Promise<number> => {
  const reply = await fetch(`${petrel.url('http')}/metrics`);
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(await reply.text())?.[1]);
};

/** The longest time that a send of another user waits for its PUBACK while the work lasts, ms. */
async function longestSend(work: Promise<unknown>): Promise<number> {
  const [from, to] = await petrel.users('from', 'to');
  const client = await from.connect();
  client.ignores = 'publish';
  let done = false;
  const settled = work.finally(() => {
    done = true;
  });
  let longest = 0;
  do {
    const begunAt = performance.now();
    assert.equal((await client.publish(`send/u/${to.uid}`, 'x')).reason, 0);
    longest = Math.max(longest, performance.now() - begunAt);
  } while (!done);
  await settled;
  await client.drop();
  return longest;
}

const toRequest = (name: string, input: object): Buffer =>
  generate(
    {
      cmd: 'publish',
      topic: `req/${name}`,
      payload: JSON.stringify(input),
      qos: 0,
      dup: false,
      retain: false,
      properties: {},
    },
    { protocolVersion: 5 },
  );

/** Sends the bytes and counts what comes back, until nothing is missing. */
async function flood(user: User, bytes: Buffer, answers: number): Promise<Map<string, number>> {
  const client = await user.connect();
  client.socket.removeAllListeners('data');
  const codes = new Map<string, number>();
  let seen = 0;
  let rest = '';
  client.socket.on('data', (chunk: Buffer) => {
    const text = rest + chunk.toString('latin1');
    const found = [...text.matchAll(/"ok":(true|false,"error":\{"code":"([a-z.-]+)")/g)];
    for (const [, , code = 'ok'] of found) codes.set(code, (codes.get(code) ?? 0) + 1);
    seen += found.length;
    const last = found.at(-1);
    rest = last === undefined ? text : text.slice(last.index + last[0].length);
  });
  client.socket.write(bytes);
  await until('all answers', () => seen >= answers, 60_000);
  client.socket.destroy();
  await client.closed;
  return codes;
}

describe('a user who asks for more than anyone may', () => {
  it('over MQTT is refused, keeps nobody waiting and takes no memory', async (t) => {
    const [loud] = await petrel.users('loud');
    const count = 20_000;
    const bytes = Buffer.concat(Array(count).fill(toRequest('users.get', { uid: loud.uid })));
    const before = await memory();
    const work = flood(loud, bytes, count);
    const waited = await longestSend(work);
    const grown = (await memory()) - before;
    const codes = await work;
    t.diagnostic(`sends waited ${waited.toFixed(1)} ms at most, ${[...codes].join(' ')}, ${grown >> 20} MiB`);
    assert.ok(codes.get('ok')! >= 250, [...codes].join(' '));
    assert.ok(codes.get('request.rate')! > count / 2, [...codes].join(' '));
    assert.equal([...codes.keys()].sort().join(' '), 'ok request.rate');
    assert.ok(waited < boundMs, `${waited} ms`);
    assert.ok(grown < maxGrowthBytes, `${grown} bytes`);
  });

  it('over MQTT without reading the answers is read no further', async () => {
    const [loud, quiet] = await petrel.users('loud', 'quiet');
    const client = await loud.connect();
    client.socket.pause();
    const before = await memory();
    const bytes = Buffer.concat(Array(5000).fill(toRequest('no.such.operation', {})));
    const written = () =>
      new Promise<boolean>((resolve) => {
        const late = setTimeout(() => resolve(false), 1000);
        client.socket.write(bytes, () => {
          clearTimeout(late);
          resolve(true);
        });
      });
    let taken = true;
    for (let i = 0; i < 100 && taken; i++) taken = await written();
    assert.equal(taken, false);
    const other = await quiet.connect();
    assert.equal((await other.request('me.get')).ok, true);
    const grown = (await memory()) - before;
    assert.ok(grown < 3 * maxGrowthBytes, `${grown} bytes`);
    await client.drop();
  });
});

/** A GET from a local address of its own; answers the status. */
function getFrom(localAddress: string, agent: Agent, path: string, token?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const url = new URL(path, petrel.url('http'));
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = request(url, { agent, localAddress, headers }, (reply) => {
      reply.resume();
      reply.once('end', () => resolve(reply.statusCode!));
    });
    asked.once('error', reject);
    asked.end();
  });
}

describe('an address that asks for more than any may', () => {
  it('is refused, keeps nobody waiting, and does not use up what another may', async (t) => {
    const [loud, quiet] = await petrel.users('loud', 'quiet');
    const agents = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 20 }));
    const work = Promise.all(
      Array.from({ length: 5000 }, () => getFrom('127.0.0.2', agents[0]!, '/v1/me', loud.token)),
    );
    const other = (async () => {
      const statuses = [];
      for (let i = 0; i < 50; i++)
        statuses.push(await getFrom('127.0.0.3', agents[1]!, '/v1/me', quiet.token));
      return statuses;
    })();
    const waited = await longestSend(work);
    const statuses = await work;
    const refused = statuses.filter((status) => status === 429).length;
    t.diagnostic(`sends waited ${waited.toFixed(1)} ms at most, ${refused} of ${statuses.length} refused`);
    assert.ok(refused > 1000 && statuses.includes(200), `${refused}`);
    assert.deepEqual(new Set(statuses), new Set([200, 429]));
    assert.deepEqual(new Set(await other), new Set([200]));
    assert.ok(waited < boundMs, `${waited} ms`);
    for (const agent of agents) agent.destroy();
  });

  it('with passwords waits in its own queue', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 200 });
    const register = (localAddress: string, uid: string) =>
      new Promise<number>((resolve, reject) => {
        const body = JSON.stringify({ uid, password: 'correct horse' });
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
        const url = new URL('/v1/auth/register', petrel.url('http'));
        const asked = request(url, { method: 'POST', agent, localAddress, headers }, (reply) => {
          reply.resume();
          reply.once('end', () => resolve(reply.statusCode!));
        });
        asked.once('error', reject);
        asked.end(body);
      });
    let finished = 0;
    const flooding = Array.from({ length: 80 }, async (_, i) => {
      const status = await register('127.0.0.4', `flood-${i}`);
      finished++;
      return status;
    });
    await until('the flood to begin', () => finished > 0);
    assert.equal(await register('127.0.0.5', 'patient'), 201);
    assert.ok(finished < 60, `${finished} of the flood were served before`);
    await Promise.all(flooding);
    agent.destroy();
  });
});
