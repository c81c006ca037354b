import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { openSqliteDirectory } from '../../store/directory/sql/sqlite.ts';
import { openSqliteTimeline } from '../../store/timeline/sqlite/timeline.ts';
import type { Submission } from '../../store/timeline.ts';
import { Histogram } from '../load/histogram.ts';
import { cpuMicros } from '../process.ts';
import type { Row, Section } from '../report.ts';
import { makeHome, type PetrelHome, type PetrelServer, removeHome, startPetrel } from '../servers/petrel.ts';
import type { Setting } from '../setting.ts';

const conversationCount = 10_000;
const groupCount = 200;
const eventCount = 1_000_000;
const fewCount = 10;
const longEvents = 100_000;
const batchSize = 2000;
const warmups = 30;
const requestsARound = 300;
const openings = 10;

const collector = 'collector';
const beginner = 'beginner';
/** The conversation with a long history. */
const long = `u:${collector}:talker0`;
const raw = Buffer.from(`{"id":"c-000001","type":"text","body":{"text":"${'x'.repeat(100)}"}}`);

/** A call that is timed, and the same by a user with few conversations. */
interface Call {
  readonly name: string;
  readonly subject: () => Promise<unknown>;
  readonly reference?: () => Promise<unknown>;
  readonly target?: string;
}

/** Lists, sync and history of a user with 10,000 conversations in a store of 1,000,000 events. */
export async function social(setting: Setting): Promise<Section> {
  const full = await makeHome();
  const empty = await makeHome();
  try {
    setting.log(`storing ${eventCount} events`);
    await fill(full);
    // Tables and keys of the other one are there, too.
    await startPetrel({ core: setting.serverCore, home: empty }).then((petrel) => petrel.stop());
    const opening = await measureOpening(setting, full, empty);
    const petrel = await startPetrel({
      core: setting.serverCore,
      home: full,
      profileDir: setting.profileDir,
    });
    try {
      const rows = await measureCalls(setting, petrel);
      return {
        id: 'social',
        title: '10,000 conversations, 1,000,000 events',
        method:
          `A user has ${conversationCount.toLocaleString('en')} conversations, ${groupCount} of them groups, and asks over HTTP for one thing after the other, ` +
          `${requestsARound} times in each round, in a store of ${eventCount.toLocaleString('en')} events; beside it a user with ${fewCount} conversations, ` +
          'in the same store, who asks for the same. The call after a new message counts the CPU of the message, too. Opening: the store alone, beside an empty one.',
        subject: '10,000 conversations',
        reference: '10 conversations',
        rows: [...rows, opening],
        faults: [],
      };
    } finally {
      await petrel.stop();
    }
  } finally {
    await removeHome(full);
    await removeHome(empty);
  }
}

/** Through the stores, not the network: what is measured is reading. */
async function fill({ dataDir }: PetrelHome): Promise<void> {
  const directory = await openSqliteDirectory({ dir: dataDir });
  const directs = Array.from({ length: conversationCount - groupCount }, (_, i) => `talker${i}`);
  const few = Array.from({ length: fewCount }, (_, i) => `friend${i}`);
  await directory.ensureUsers([collector, beginner, ...directs, ...few], 1);
  const gids = Array.from({ length: groupCount }, (_, i) => `group${i}`);
  for (const gid of gids) {
    const group = { gid, name: `The ${gid}`, owner: collector, join: 'open', muted: false } as const;
    const event = {
      id: 'made',
      from: collector,
      raw: '{"id":"made","type":"group","body":{"action":"created"}}',
    };
    await directory.createGroup({ ...group, history: 'joined', createdAt: 1 }, [], event);
    await directory.settle(gid, 1, { seq: 1, n: 0 });
    await directory.forget(gid, 1);
  }
  await directory.close();

  const timeline = await openSqliteTimeline({ dir: dataDir });
  let made = 0;
  let batch: Submission[] = [];
  const running: Promise<unknown>[] = [];
  const put = async (conv: string, from: string): Promise<void> => {
    batch.push({ conv, from, id: `m-${(made++).toString(36)}`, counts: true, raw });
    if (batch.length < batchSize) return;
    running.push(timeline.append(batch));
    batch = [];
    if (running.length > 2) await running.shift();
  };
  for (let i = 0; i < longEvents; i++) await put(long, 'talker0');
  const names: [string, string][] = [
    ...directs.map((uid): [string, string] => [`u:${collector}:${uid}`, uid]),
    ...gids.map((gid): [string, string] => [`g:${gid}`, collector]),
    ...few.map((uid): [string, string] => [`u:${beginner}:${uid}`, uid]),
  ];
  // Round after round, so that a conversation's events lie apart in time, as they do in use.
  while (made < eventCount) for (const [conv, from] of names) await put(conv, from);
  await timeline.append(batch);
  await Promise.all(running);
  await timeline.flush();
  await timeline.close();
}

async function measureOpening(setting: Setting, full: PetrelHome, empty: PetrelHome): Promise<Row> {
  const open = async (home: PetrelHome): Promise<number> => {
    const begin = performance.now();
    const timeline = await openSqliteTimeline({ dir: home.dataDir });
    const opened = performance.now() - begin;
    await timeline.close();
    return opened;
  };
  const times = { full: [] as number[], empty: [] as number[] };
  for (let round = 0; round < Math.max(setting.rounds, openings); round++)
    for (const which of round % 2 === 0 ? (['full', 'empty'] as const) : (['empty', 'full'] as const))
      times[which].push(await open(which === 'full' ? full : empty));
  return {
    name: 'opening the store (the other one is empty)',
    unit: 'ms',
    subject: times.full,
    reference: times.empty,
    target: '1.0 ×',
  };
}

async function measureCalls(setting: Setting, petrel: PetrelServer): Promise<Row[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (uid: string) => client(petrel, agent, uid);
  const [many, few] = [ask(collector), ask(beginner)];
  const deep = await pageAfter(many, 80);
  const heads = async (get: typeof many) => {
    const cursors: Record<string, number> = {};
    for (;;) {
      const { conversations, more } = (await get('POST', '/sync', { cursors, limit: 1 })) as Synced;
      for (const { conv, head } of conversations) cursors[conv] = head.seq;
      if (!more) return cursors;
    }
  };
  const [cursors, fewCursors] = [await heads(many), await heads(few)];
  const calls: Call[] = [
    {
      name: 'conversations.list, first page of 100',
      subject: () => many('GET', '/conversations?limit=100'),
      reference: () => few('GET', '/conversations?limit=100'),
      target: '< 20 ms',
    },
    {
      name: 'conversations.list, page 80',
      subject: () => many('GET', `/conversations?limit=100&cursor=${deep}`),
      target: '< 20 ms',
    },
    {
      name: 'conversations.list after a new message',
      subject: async () => {
        const id = `n-${Math.random().toString(36).slice(2)}`;
        return timedAfter(
          () => many('POST', `/conversations/${long}/messages`, { id, type: 'text', body: { text: 'x' } }),
          () => many('GET', '/conversations?limit=100'),
        );
      },
      target: '< 20 ms',
    },
    {
      name: 'conversations.get',
      subject: () => many('GET', `/conversations/${long}`),
      reference: () => few('GET', `/conversations/u:${beginner}:friend0`),
    },
    {
      name: 'sync with nothing new',
      subject: () => many('POST', '/sync', { cursors }),
      reference: () => few('POST', '/sync', { cursors: fewCursors }),
    },
    {
      name: 'history, the newest 50',
      subject: () => many('GET', `/conversations/${long}/messages`),
      reference: () => few('GET', `/conversations/u:${beginner}:friend0/messages`),
      target: '< 20 ms',
    },
    {
      name: 'history, 50 anywhere',
      subject: () =>
        many('GET', `/conversations/${long}/messages?before=${1 + Math.floor(Math.random() * longEvents)}`),
      target: '< 20 ms',
    },
  ];
  const rows: Row[] = [];
  for (const { name, subject, reference, target } of calls) {
    const times = { subject: [] as Times[], reference: [] as Times[] };
    for (let round = 0; round < setting.rounds; round++) {
      times.subject.push(await timesOf(petrel.pid, subject));
      if (reference !== undefined) times.reference.push(await timesOf(petrel.pid, reference));
    }
    const row = (quantile: 'p50' | 'p99' | 'cpu'): Row => ({
      name: `${name}: ${quantile === 'cpu' ? 'server CPU' : quantile}`,
      unit: 'ms',
      subject: times.subject.map((one) => one[quantile]),
      ...(reference !== undefined && { reference: times.reference.map((one) => one[quantile]) }),
      ...(quantile === 'p99' && target !== undefined && { target }),
    });
    rows.push(row('p50'), row('p99'), row('cpu'));
    setting.log(`${name}: ${JSON.stringify(times)}`);
  }
  agent.destroy();
  return rows;
}

interface Synced {
  readonly conversations: readonly { readonly conv: string; readonly head: { readonly seq: number } }[];
  readonly more: boolean;
}

/** ms. */
interface Times {
  readonly p50: number;
  readonly p99: number;
  /** All that the server did meanwhile, in all its threads, per call. */
  readonly cpu: number;
}

/** What a call took of its own, where it needs something done before it. */
class Timed {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

async function timedAfter(before: () => Promise<unknown>, call: () => Promise<unknown>): Promise<Timed> {
  await before();
  const begin = performance.now();
  await call();
  return new Timed(performance.now() - begin);
}

async function timesOf(pid: number, call: () => Promise<unknown>): Promise<Times> {
  const times = new Histogram();
  let cpu = 0;
  for (let i = -warmups; i < requestsARound; i++) {
    if (i === 0) cpu = cpuMicros(pid);
    const begin = performance.now();
    const answer = await call();
    const ms = answer instanceof Timed ? answer.ms : performance.now() - begin;
    if (i >= 0) times.record(ms * 1000);
  }
  return {
    p50: times.quantile(0.5) / 1000,
    p99: times.quantile(0.99) / 1000,
    cpu: (cpuMicros(pid) - cpu) / requestsARound / 1000,
  };
}

type Get = ReturnType<typeof client>;

/** The cursor of a page far down the list. */
async function pageAfter(get: Get, pages: number): Promise<string> {
  let next = '';
  for (let page = 0; page < pages; page++) {
    const query = next === '' ? '' : `&cursor=${next}`;
    const answer = (await get('GET', `/conversations?limit=100${query}`)) as { next: string };
    next = answer.next;
  }
  return next;
}

/** Requests of one user over one connection, one after the other; the answers are read to their end. */
function client({ httpPort, tokenOf }: PetrelServer, agent: Agent, uid: string) {
  const authorization = `Bearer ${tokenOf(uid)}`;
  return (method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          port: httpPort,
          host: '127.0.0.1',
          method,
          path: join('/v1', path),
          agent,
          headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if (response.statusCode! >= 400) reject(new Error(`${path}: ${response.statusCode} ${text}`));
            else resolve(JSON.parse(text));
          });
        },
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}
