import type { Identity } from '../../schemas/identity.ts';
import type { StoredSubscription } from '../../store/sessions.ts';
import type { Will } from '../gate/connect.ts';
import type { Properties } from '../gate/properties.ts';
import type { Link } from '../hub/link.ts';
import type { Session } from '../hub/session.ts';
import type { OutboundAliases } from './aliases.ts';
import type { ClusterWills } from './cluster/wills.ts';
import type { KeptWill } from './journal.ts';

/** A PUBLISH to a custom topic, checked by the gate: valid topic name, no alias, strict properties. */
export interface CustomPublish {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties?: Properties;
}

/** A connection as custom topics see it. */
export interface CustomClient {
  /** The session's name on this node: `{uid}/{clientId}`. */
  readonly key: string;
  /** As its token says now: AUTH may bring another one. */
  identity: Identity;
  readonly link: Link;
  /** `otherInFlight` counts custom deliveries in the session's one window. */
  readonly session: Session;
  /** Whether the session outlives the connection. */
  readonly persistent: boolean;
  /** Where the client takes topic aliases. */
  readonly aliases?: OutboundAliases;
}

/** What a subscription came to: the granted QoS or a reason code of 0x80 and above. */
export interface Granted {
  readonly code: number;
  /** Sends the retained messages; called after the SUBACK is written. */
  readonly sendRetained?: () => void;
}

/** What custom topics count; they only rise. */
export interface CustomCounters {
  published: number;
  delivered: number;
  queued: number;
  /** QoS 1 and 2: the session's queue was full. */
  droppedFull: number;
  /** QoS 0: the client does not read. */
  droppedSlow: number;
  /** Larger than the client takes. */
  droppedLarge: number;
  expired: number;
}

export const noCounts = (): CustomCounters => ({
  ...{ published: 0, delivered: 0, queued: 0 },
  ...{ droppedFull: 0, droppedSlow: 0, droppedLarge: 0, expired: 0 },
});

/**
 * Topics outside the chat: ordinary MQTT, routed by aedes, allowed by `topics.custom`. Packet ids of its deliveries are
 * 1..0x7fff; the hub has the upper half.
 */
export interface CustomTopics {
  readonly counters: CustomCounters;
  /** Resolves when the message is taken (and may be acknowledged). Rejects with PetrelError: `topic.forbidden`, `topic.quota`, `store.unavailable`. */
  publish(client: Pick<CustomClient, 'key' | 'identity'>, message: CustomPublish): Promise<void>;
  /** `subscription.filter` is the filter as the client wrote it, `$share/{name}/` included. */
  subscribe(client: CustomClient, subscription: StoredSubscription): Promise<Granted>;
  /** Answers 0x00, or 0x11 where there was no such subscription. */
  unsubscribe(client: CustomClient, filter: string): Promise<number>;
  /** PUBACK, PUBREC or PUBCOMP of a custom delivery; answers the PUBREL to send, where one is due. */
  acknowledge(
    client: CustomClient,
    type: 'puback' | 'pubrec' | 'pubcomp',
    id: number,
    reason: number,
  ): Buffer | undefined;
  /** After the CONNACK of a resumed session: takes its subscriptions up again and sends what is queued or unacknowledged (DUP). */
  resume(client: CustomClient, subscriptions: readonly StoredSubscription[]): Promise<void>;
  /** There may be room again: a delivery of the hub was acknowledged, or the socket drained. Cheap where nothing waits. */
  roomy(client: CustomClient): void;
  /** The client's token was renewed: it may have other rights. */
  renew(client: CustomClient, identity: Identity): void;
  /** The client's custom subscriptions, for the stored session. */
  subscriptionsOf(key: string): readonly StoredSubscription[];
  /** The connection ended; a persistent session's messages queue from now on. */
  detach(client: CustomClient): void;
  /** After `detach`: resolves when all nodes know what the connection left; before another node takes the session up. */
  settled(key: string): Promise<void>;
  /** The session is gone for good: expired, or replaced by Clean Start. */
  forget(key: string): Promise<void>;
  /** At start: stored sessions that are not connected, so that messages queue for them. */
  restore(
    key: string,
    identity: Pick<Identity, 'uid' | 'scopes'>,
    subscriptions: readonly StoredSubscription[],
  ): void;
  /** The keys of all sessions that have a subscription, or something still to get. */
  sessions(): string[];
  /** Some of the sessions that are kept in all nodes, others each time; absent in one process, where all are looked at at its start. */
  someSessions?(count: number): string[];
  /** Rejects with `store.unavailable` while nothing can be stored. */
  check(): Promise<void>;
  /** Wills of several nodes; absent in one process, where those of `keepWill` are this process' own. */
  readonly clusterWills?: ClusterWills;
  /** Keeps the will of a connection, to be sent should the server die; durable when it resolves. */
  keepWill(key: string, identity: Identity, will: Will, delaySeconds: number): Promise<void>;
  /** The will is not to be sent; written down lazily. */
  dropWill(key: string): void;
  /** The will was sent: it is dropped soon, so that few crashes send it again. */
  willSent(key: string): void;
  /** The wills of those who were connected when the server died; at start. */
  wills(): AsyncIterable<KeptWill>;
  /** Whether the client may publish there (for wills). */
  mayPublish(identity: Identity, topic: string): boolean;
  close(): Promise<void>;
}
