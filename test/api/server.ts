import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { SignJWT } from 'jose';
import { Removals } from '../../api/accounts/removals.ts';
import { type Accounts, createAccounts } from '../../api/auth/accounts.ts';
import { createAuthenticator } from '../../api/auth/authenticator.ts';
import { SigningKeys } from '../../api/auth/keys.ts';
import { Revocations } from '../../api/auth/revocations.ts';
import { Folds } from '../../api/conversations/folds.ts';
import { ConversationLists } from '../../api/conversations/lists.ts';
import { GroupEvents } from '../../api/groups/events.ts';
import { createHttp } from '../../api/http.ts';
import type { Operation } from '../../api/operation.ts';
import { createOperations } from '../../api/operations/table.ts';
import { Broadcasts } from '../../api/operators/broadcasts.ts';
import { createRpc, type Rpc } from '../../api/rpc.ts';
import type { PresenceInfo } from '../../api/services.ts';
import { FactsCache } from '../../policy/facts.ts';
import { Limits } from '../../policy/limits.ts';
import { Buckets } from '../../policy/rate.ts';
import { changeWindows } from '../../policy/send.ts';
import { type ConfigInput, createConfig } from '../../schemas/config.ts';
import type { ConnectionInfo } from '../../schemas/connection.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Authenticator } from '../../schemas/identity.ts';
import { createMemoryBus } from '../../store/bus/memory.ts';
import type { BusMessage } from '../../store/bus.ts';
import { openSqliteDirectory } from '../../store/directory/sql/sqlite.ts';
import type { Directory } from '../../store/directory.ts';
import { openSqliteTimeline } from '../../store/timeline/sqlite/timeline.ts';
import type { Timeline } from '../../store/timeline.ts';
import { CommitQueue } from '../../worker/commit.ts';
import { erase } from '../../worker/erase.ts';
import { createModeration } from '../../worker/moderation.ts';
import { ReadCursors } from '../../worker/read.ts';
import { Sender } from '../../worker/sender.ts';
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

export async function startApi(input: ConfigInput = {}): Promise<TestApi> {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-api-'));
  const config = createConfig({
    ...input,
    auth: { secret: testSecret, bcryptCost: 4, ...input.auth },
    limits: { httpPerSecond: 0, sendPerSecond: 0, ...input.limits },
  });
  let passed = 0;
  let failing = false;
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
  const commit = new CommitQueue({
    timeline: {
      append: (batch) =>
        failing ? Promise.reject(new PetrelError('store.unavailable')) : timeline.append(batch),
    },
  });
  const facts = new FactsCache(directory, bus, clock);
  const noObserver = { checked: () => {}, failing: () => {}, resting: () => {}, answering: () => {} };
  const moderation = createModeration(config.moderation, noObserver);
  const sender = new Sender({
    facts,
    timeline,
    commit,
    marks: directory,
    windows: changeWindows(config.messages),
    maxPacketSize: config.mqtt.maxPacketSize,
    directPolicy: config.direct.policy,
    ...(moderation !== undefined && { moderate: moderation.moderate }),
    rates: new Buckets(config.limits.sendPerSecond, config.limits.sendBurst, clock),
    now: clock,
  });
  const { accessTtl } = config.auth;
  const keys = await SigningKeys.open({ directory, accessTtl, clock });
  const revocations = await Revocations.open({ directory, bus, accessTtl, clock });
  const shared = { auth: config.auth, limits: config.limits, directory, bus, keys, revocations, clock };
  const authenticator = await createAuthenticator(shared);
  const accounts = createAccounts(shared);
  const groupEvents = new GroupEvents({
    directory,
    bus,
    committer: commit,
    onError,
  });
  const reads = new ReadCursors({
    timeline,
    directory,
    facts,
    bus,
    noticeMembers: config.groups.readNoticeMembers,
    onError,
  });
  const lists = new ConversationLists({ timeline, directory });
  commit.onEvent((event) => lists.onEvent(event));
  bus.subscribe((message) => lists.onBus(message));
  const broadcasts = new Broadcasts({ directory, sender, clock, onError });
  broadcasts.start();
  const removals = new Removals({
    directory,
    timeline,
    bus,
    revocations,
    groupEvents,
    erase: (removal, trace, signal) =>
      erase({ timeline, directory, committer: commit, signal }, removal, trace),
    endSessions: async () => {},
    clock,
    onError,
  });
  const operations = createOperations({
    directory,
    timeline,
    bus,
    sender,
    accounts,
    removals,
    groupEvents,
    maxGroupMembers: config.groups.maxMembers,
    folds: new Folds(timeline),
    moveRead: (conv, uid, seq) => reads.move(conv, uid, seq),
    lists,
    connections: {
      devicesOf: async (uid) => connected.filter((one) => one.uid === uid),
      list: async ({ uid, after, limit }) =>
        connected
          .filter((one) => `${one.uid}/${one.clientId}` > after && (uid === undefined || one.uid === uid))
          .slice(0, limit),
      forget: async (uid, did) => {
        forgotten.push(`${uid}/${did}`);
      },
    },
    presenceOf: async (asker, uid) => presences.get(`${asker}>${uid}`),
    broadcasts,
    maxFriends: config.friends.maxFriends,
    clock,
  }).map(watched);
  const limits = new Limits(config.limits, clock);
  const http = await createHttp({
    config,
    operations,
    authenticator,
    keys,
    version: '0.0.0',
    requestLimits: limits,
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
      failing = on;
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
      await broadcasts.close();
      await reads.close();
      await removals.close();
      await groupEvents.close();
      revocations.close();
      facts.close();
      moderation?.close();
      await timeline.close();
      await directory.close();
      await rm(dir, { recursive: true });
    },
  };
}
