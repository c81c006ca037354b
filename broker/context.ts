import type { Log } from '../ops/log.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Sight } from '../policy/presence.ts';
import type { Buckets } from '../policy/rate.ts';
import type { Routes } from '../policy/routes.ts';
import type { Config } from '../schemas/config.ts';
import type { ErrorBody } from '../schemas/errors.ts';
import type { ConvId } from '../schemas/event.ts';
import type { Authenticator, Identity } from '../schemas/identity.ts';
import type { Bus } from '../store/bus.ts';
import type { Online } from '../store/online.ts';
import type { Owners } from '../store/owners.ts';
import type { SessionStore } from '../store/sessions.ts';
import type { Timeline } from '../store/timeline.ts';
import type { Sends } from '../worker/sends.ts';
import type { CustomTopics } from './custom/custom.ts';
import type { Claims } from './devices/claims.ts';
import type { Sightings } from './devices/sightings.ts';
import type { Flusher } from './flusher.ts';
import type { Hub } from './hub/hub.ts';
import type { NodeRouter } from './internal/router.ts';
import type { Presence } from './presence.ts';
import type { Registry } from './registry.ts';
import type { Unfinished } from './unfinished.ts';

/** Who asks over MQTT. */
export interface RpcCaller {
  readonly identity: Identity | undefined;
  readonly address: string;
  readonly did?: string;
  /** The connection's token was renewed. */
  renew?(identity: Identity): void;
}

/** The operations' MQTT door: never rejects. */
export type Rpc = (name: string, payload: Uint8Array, caller: RpcCaller) => Promise<RpcAnswer>;

export type RpcAnswer =
  | { readonly ok: true; readonly data?: unknown; readonly rid?: unknown }
  | { readonly ok: false; readonly error: ErrorBody; readonly rid?: unknown };

/** All that connections of one broker share. */
export interface BrokerContext {
  readonly config: Pick<Config, 'mqtt' | 'auth' | 'limits'>;
  readonly authenticator: Authenticator;
  readonly sessions: SessionStore;
  /** Which node has which session. */
  readonly owners: Owners;
  /** Ends of connections that are not stored yet. */
  readonly unfinished: Unfinished;
  readonly timeline: Timeline;
  readonly bus: Bus;
  readonly hub: Hub;
  /** The way of messages into the timeline. */
  readonly sends: Sends;
  /** Between the nodes of a cluster; absent where there are no others. */
  readonly router?: NodeRouter;
  /** Who may write where. */
  readonly routes: Routes;
  /** Moves the user's read cursor and tells whom it concerns; durable when it resolves. */
  readonly moveRead: (conv: ConvId, uid: string, seq: number) => Promise<unknown>;
  readonly custom: CustomTopics;
  readonly presence: Presence;
  /** Who sees whose presence and typing now. */
  readonly sight: Sight;
  /** The connections of all nodes; absent where this node is the only one. */
  readonly online?: Pick<Online, 'put' | 'remove'>;
  /** Devices that came and went. */
  readonly sightings: Sightings;
  readonly claims: Claims;
  readonly rpc: Rpc;
  readonly registry: Registry;
  readonly flusher: Flusher;
  /** Whether nothing more is taken in this user's name: banned, or removed. */
  readonly isBanned: (uid: string) => Promise<boolean>;
  /** Sends by user. */
  readonly sendRates: Buckets;
  /** Notes of typing by user. */
  readonly typingRates: Buckets;
  /** CONNECTs by address. */
  readonly connectRates: Buckets;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly now: () => number;
  /** False while starting and stopping: CONNECT gets 0x88. */
  isReady(): boolean;
}
