import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { SignJWT } from 'jose';
import type { Accounts } from '../../api/auth/accounts.ts';
import type { SigningKeys } from '../../api/auth/keys.ts';
import type { GroupEvents } from '../../api/groups/events.ts';
import { createHttp } from '../../api/http.ts';
import type { Operation } from '../../api/operation.ts';
import { createRpc, type Rpc } from '../../api/rpc.ts';
import type { PresenceInfo } from '../../api/services.ts';
import { createAccess } from '../../compose/access.ts';
import { createApi } from '../../compose/api.ts';
import type { Brokers } from '../../compose/broker.ts';
import { Closing } from '../../compose/closing.ts';
import { createIdentity } from '../../compose/identity.ts';
import { createWorker } from '../../compose/worker.ts';
import { Limits } from '../../policy/limits.ts';
import { localBuckets } from '../../policy/rate.ts';
import { type ConfigInput, createConfig } from '../../schemas/config.ts';
import type { ConnectionInfo } from '../../schemas/connection.ts';
import type { Authenticator } from '../../schemas/identity.ts';
import type { BusMessage, End } from '../../store/bus.ts';
import { openSqliteDirectory } from '../../store/directory/sql/sqlite.ts';
import type { Directory } from '../../store/directory.ts';
import { createMemoryBus } from '../../store/state/memory/bus.ts';
import { createMemoryNodes } from '../../store/state/memory/nodes.ts';
import { openSqliteTimeline } from '../../store/timeline/sqlite/timeline.ts';
import type { Timeline } from '../../store/timeline.ts';
import { failing } from './failing.ts';
import { checkNotice, watched } from './watched.ts';

export const testSecret = 'a secret of more than 32 bytes, for tests';

/** The API as compose wires it, on stores in a folder of its own. */
export interface TestApi {
  readonly http: FastifyInstance;
  readonly rpc: Rpc;
  readonly operations: readonly Operation[];
  readonly accounts: Accounts;
  readonly authenticator: Authenticator;
  readonly directory: Directory;
  readonly timeline: Timeline;
  readonly keys: SigningKeys;
  readonly groupEvents: GroupEvents;
  /** Who is said to be connected over MQTT, in the order of uid and client id. */
  readonly connected: ConnectionInfo[];
  /** Devices whose stored sessions were to be forgotten: `{uid}/{did}`. */
  readonly forgotten: string[];
  /** What the presence of users is said to be, by `{asker}>{uid}`. */
  readonly presences: Map<string, PresenceInfo>;
  /** Everything that was published. */
  readonly messages: BusMessage[];
  publish(message: BusMessage): void;
  /** Makes every commit fail with `store.unavailable` while on. */
  failCommits(on: boolean): void;
  /** Moves the clock on. */
  pass(ms: number): void;
  readonly now: () => number;
  /** A token of `auth.secret` for the user, who is created by its first use. */
  token(uid: string, claims?: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
}

export interface TestApiOptions {
  /** Folder of a built page. */
  readonly pageFolder?: string;
}

export async function startApi(
  input: ConfigInput = {},
  { pageFolder }: TestApiOptions = {},
): Promise<TestApi> {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-api-'));
  const config = createConfig({
    ...input,
    auth: { secret: testSecret, bcryptCost: 4, ...input.auth },
    limits: { httpPerSecond: 0, sendPerSecond: 0, ...input.limits },
  });
  let passed = 0;
  let isFailing = false;
  const clock = () => Date.now() + passed;
  const onError = (error: unknown) => {
    throw error;
  };
  const bus = createMemoryBus(onError);
  const messages: BusMessage[] = [];
  const connected: ConnectionInfo[] = [];
  const forgotten: string[] = [];
  const presences = new Map<string, PresenceInfo>();
  bus.subscribe((message) => messages.push(message));
  bus.subscribe(checkNotice);
  const directory = await openSqliteDirectory({ dir });
  const timeline = await openSqliteTimeline({ dir: join(dir, 'timeline') });
  const failable = failing(timeline, () => isFailing);
  const closing = new Closing();
  const shared = { config, timeline: failable, directory, bus, now: clock, onError };
  const noObserver = { checked: () => {}, failing: () => {}, resting: () => {}, answering: () => {} };
  const access = createAccess({ ...shared, buckets: localBuckets(clock) }, closing);
  const worker = createWorker({ ...shared, access, moderationObserver: noObserver }, closing);
  worker.commit.onEvent((event, rewrites) => bus.publishEvent(event, rewrites));
  const brokers = {
    connections: {
      devicesOf: async (uid: string) => connected.filter((one) => one.uid === uid),
      list: async ({ uid, after, limit }: Parameters<Brokers['connections']['list']>[0]) =>
        connected
          .filter((one) => `${one.uid}/${one.clientId}` > after && (uid === undefined || one.uid === uid))
          .slice(0, limit),
      forget: async (uid: string, did: string) => {
        forgotten.push(`${uid}/${did}`);
      },
      end: async (end: End) => bus.publish(end),
    },
    presenceOf: async (asker: string, uid: string) => presences.get(`${asker}>${uid}`),
    endSessions: async () => {},
  };
  const identity = await createIdentity(shared, closing);
  const { authenticator, keys, accounts } = identity;
  const api = createApi(
    { ...shared, nodes: createMemoryNodes(clock()), access, sends: worker.sender, identity, brokers },
    closing,
  );
  const { groupEvents } = api;
  // What works in the background is started where a test wants it, but for broadcasts.
  api.broadcasts.start();
  const operations = api.operations.map(watched);
  const limits = new Limits(config.limits, clock);
  const http = await createHttp({
    config,
    operations,
    authenticator,
    keys,
    version: '0.0.0',
    requestLimits: limits,
    ...(pageFolder !== undefined && { pageFolder }),
  });
  return {
    http,
    rpc: createRpc(operations, { limits, onError }),
    operations,
    accounts,
    authenticator,
    directory,
    timeline,
    keys,
    groupEvents,
    connected,
    forgotten,
    presences,
    messages,
    publish: (message) => bus.publish(message),
    failCommits: (on) => {
      isFailing = on;
    },
    pass: (ms) => {
      passed += ms;
    },
    now: clock,
    token: (uid, claims = {}) =>
      new SignJWT({ exp: Math.floor(clock() / 1000) + 600, ...claims })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(uid)
        .sign(new TextEncoder().encode(testSecret)),
    async stop() {
      await http.close();
      await closing.run();
      await timeline.close();
      await directory.close();
      await rm(dir, { recursive: true });
    },
  };
}
