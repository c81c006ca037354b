import type { OperationName, Operations } from './operations.ts';
import type { Signal } from './signal.ts';
import type { Storage } from './storage.ts';

export type Platform = 'web' | 'desktop' | 'mobile' | 'iot' | 'bot';

/** How a client is made. */
export interface ClientOptions {
  /** The server's HTTP port, as `https://chat.example`; a page that the server itself serves may leave it out. */
  readonly url?: string;
  /** The server's MQTT port; `{url}/mqtt` over WebSocket where absent. Node may also use `mqtt://` and `mqtts://`. */
  readonly mqttUrl?: string;
  /** Where sign-in, unsent messages and what was read are kept: IndexedDB in a browser, memory in Node, where absent. */
  readonly storage?: Storage;
  /** What this installation is called among the user's devices, and what it is. */
  readonly device?: { readonly name?: string; readonly platform?: Platform };
  /** For applications with users of their own: gives an access token, asked again before each ends. Instead of `signIn`. */
  readonly token?: () => Promise<string>;
  /** Said by the server when the connection breaks (MQTT will). */
  readonly will?: {
    readonly topic: string;
    readonly payload: string;
    readonly qos?: 0 | 1;
    readonly retain?: boolean;
  };
}

/**
 * - `signed-out`: nobody is signed in; nothing is connected.
 * - `connecting`: on the way to the server, the first time or again.
 * - `online`: connected.
 * - `offline`: not connected; tried again by itself. Messages that are sent wait in the outbox.
 */
export type Status = 'signed-out' | 'connecting' | 'online' | 'offline';

/**
 * How far a message of one's own has come. `sending`: kept here, not acknowledged yet. `sent`: on the server's disk.
 * `delivered`: a device of the peer has it. `read`: the peer has read it. `failed`: refused; see `error`. Messages of
 * others are `sent`.
 */
export type MessageState = 'sending' | 'sent' | 'delivered' | 'read' | 'failed';

/** What is said: the members that a sender chooses. */
export interface Draft {
  /** One's own name for the message, 1 to 64 of `A-Z a-z 0-9 _ . : -`; made where absent. The same id is the same message. */
  readonly id?: string;
  /** `text` where absent. */
  readonly type?: string;
  /** `{text}` for `text`; see the protocol for the other types. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The seq of the message that this one answers. */
  readonly replyTo?: number;
  /** uids, or `@all`. */
  readonly mentions?: readonly string[];
}

/** A message as it is now: edits, recalls, reactions and pins are folded in. Never mutated. */
export interface Message {
  /** The same from its writing on, whatever becomes of it: `{from}/{id}`. */
  readonly key: string;
  readonly conv: string;
  /** Place in the conversation; absent until the server has given one. */
  readonly seq?: number;
  /** When it was stored, ms since 1970; before that, when it was written here. */
  readonly ts: number;
  readonly from: string;
  readonly id: string;
  /** `text`, `image`, …; `group`, `member` and `system` are the server's own, for a line between the messages. */
  readonly type: string;
  /** Absent where it is recalled. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
  readonly forward?: Readonly<Record<string, unknown>>;
  /** When it was last edited, ms. */
  readonly edited?: number;
  readonly recalled?: true;
  readonly pinned?: true;
  /** uids by emoji, in the order of reacting. */
  readonly reactions?: Readonly<Record<string, readonly string[]>>;
  /** How many there are by emoji; `reactions` may name fewer. */
  readonly reactionCounts?: Readonly<Record<string, number>>;
  readonly state: MessageState;
  /** Why it failed. */
  readonly error?: { readonly code: string; readonly message: string; readonly retryable: boolean };
}

/** What is loaded of a conversation, in its order; what is not sent yet at the end. */
export interface MessageList {
  readonly items: readonly Message[];
  /** Whether there is more before the first. */
  readonly hasOlder: boolean;
  /** Whether the newest messages are in: false until the cache or the server has answered. */
  readonly isLoaded: boolean;
}

/** An entry of the list of conversations. */
export interface ConversationEntry {
  readonly conv: string;
  readonly kind: 'direct' | 'group';
  /** The other user of a direct conversation. */
  readonly uid?: string;
  readonly gid?: string;
  /** The group's name, or the other user's where they have one. */
  readonly name?: string;
  /** The newest message, folded; absent where nothing was said. */
  readonly last?: Message;
  /** When the newest event was stored, ms; places the entry. */
  readonly ts: number;
  readonly unread: number;
  /** Unread messages that mention the user. */
  readonly mentions: number;
  /** How far the user has read, a seq. */
  readonly read: number;
  /** How far the peer has read, as far as the peer shows it. */
  readonly peerRead?: number;
  readonly pinned: boolean;
  readonly muted: boolean;
  readonly hidden: boolean;
  readonly markedUnread: boolean;
  readonly draft?: string;
}

export interface Presence {
  readonly online: boolean;
  /** Since when, ms. */
  readonly ts: number;
  readonly platforms?: readonly Platform[];
  /** What a device's will said. */
  readonly status?: unknown;
}

export interface Profile {
  readonly uid: string;
  readonly name?: string;
  readonly avatar?: string;
  readonly bio?: string;
  readonly removed?: boolean;
}

/** One of those of `n/{uid}`, see the protocol. */
export interface Notice {
  readonly type: string;
  readonly ts: number;
  readonly [member: string]: unknown;
}

/** What a client tells besides its signals. */
export interface ClientEvents {
  /**
   * A message came, live or by catching up: each once for each client, in its conversation's order. Not one's own, and not
   * what was said before this device had the list for the first time. Who missed more than 5,000 events of a conversation
   * is told of those after them; the others are there to be loaded.
   */
  readonly message: (message: Message) => void;
  /** `friend`, `group`, `device`, `conversation`, … as they come. */
  readonly notice: (notice: Notice) => void;
  /** Something failed in the background. It is tried again where that helps. */
  readonly error: (error: Error) => void;
  /** Signed out: by oneself, from another device, or because the sign-in ended. */
  readonly 'signed-out': (reason: 'asked' | 'removed' | 'expired') => void;
}

/** What became of a message that was handed over. */
export interface Sent {
  /** As it is shown at once. */
  readonly message: Message;
  /** Resolves with its place when the server has stored it, after however many reconnects; rejects with ClientError when it refused. */
  readonly stored: Promise<{ readonly seq: number; readonly ts: number }>;
}

/** One conversation: what was said, and what one can do there. The same object for the same conversation. */
export interface Conversation {
  readonly conv: string;
  readonly kind: 'direct' | 'group';
  /** The other user of a direct conversation; oneself for notes. */
  readonly uid?: string;
  readonly gid?: string;
  /** Its entry of the list; undefined where the user does not have it. */
  readonly entry: Signal<ConversationEntry | undefined>;
  /** The messages that are loaded. Empty until `open`. */
  readonly messages: Signal<MessageList>;
  /** Who types now, oneself aside. */
  readonly typing: Signal<readonly string[]>;
  /** Keeps the newest messages loaded and current until the function that it returns is called. */
  open(): () => void;
  /** Loads up to so many older messages, from the cache or the server. */
  loadOlder(limit?: number): Promise<void>;
  /** Loads what is needed to have the message of this seq; false where there is none to see. */
  loadUpTo(seq: number): Promise<boolean>;
  /** Resolves when the message is kept here for good: it will be sent, once in effect, also after a restart. */
  send(draft: Draft | string): Promise<Sent>;
  /** Changes of a message by its seq. They go by the outbox like messages, and show at once. */
  edit(seq: number, body: Readonly<Record<string, unknown>>): Promise<Sent>;
  recall(seq: number): Promise<Sent>;
  react(seq: number, emoji: string, on: boolean): Promise<Sent>;
  pin(seq: number, on: boolean): Promise<Sent>;
  /** Sends a failed message again, under the same id. */
  retry(key: string): Promise<void>;
  /** Takes a failed message away. */
  discard(key: string): Promise<void>;
  /** Read up to here; up to the newest message where absent. */
  markRead(seq?: number): void;
  /** Tells the others that the user types; call it on each key, it is told no more often than needed and ends by itself. */
  typed(): void;
  /**
   * What the user keeps about the conversation. A null takes away. Shown at once; rejects with ClientError where the
   * server refused or could not be asked, and then shows as before. A draft alone waits until the server can be told.
   */
  update(settings: {
    readonly pinned?: boolean;
    readonly muted?: boolean;
    readonly hidden?: boolean;
    readonly markedUnread?: boolean;
    readonly draft?: string | null;
  }): Promise<void>;
  /** Out of the user's own view. */
  remove(): Promise<void>;
}

/** A client of one user on one device. Make it with `createClient`. */
export interface Client {
  readonly status: Signal<Status>;
  /** Who is signed in. */
  readonly user: Signal<{ readonly uid: string; readonly did?: string } | undefined>;
  /** Those pinned first, then the latest first, hidden ones left out. */
  readonly conversations: Signal<readonly ConversationEntry[]>;
  /** Whether the list is complete: false until cache or server have answered. */
  readonly isSynced: Signal<boolean>;
  /** How many messages wait to be sent, over all conversations. */
  readonly waiting: Signal<number>;
  register(account: {
    readonly uid: string;
    readonly password: string;
    readonly name?: string;
  }): Promise<void>;
  signIn(account: { readonly uid: string; readonly password: string }): Promise<void>;
  /** Forgets all that is kept here; with `all` every device is signed out. */
  signOut(options?: { readonly all?: boolean }): Promise<void>;
  /** Asks for an operation, over HTTP. Rejects with ClientError; `client.offline` where the server cannot be reached. */
  request<N extends OperationName>(name: N, input: Operations[N]['input']): Promise<Operations[N]['output']>;
  /** By its id (`u:{a}:{b}`, `g:{gid}`), or by whom one talks to. */
  conversation(of: string | { readonly uid: string } | { readonly gid: string }): Conversation;
  /** Whether the user is online; undefined where one may not see it. Watched while somebody subscribes. */
  presence(uid: string): Signal<Presence | undefined>;
  /** Names and pictures, kept and fetched in batches; undefined until known. */
  profile(uid: string): Signal<Profile | undefined>;
  /** Custom topics of MQTT. Resolves with the server's acknowledgement; QoS 1 where absent. */
  publish(
    topic: string,
    payload: string | Uint8Array,
    options?: { readonly qos?: 0 | 1; readonly retain?: boolean },
  ): Promise<void>;
  /** Resolves when the server has accepted it; returns what ends it. */
  subscribe(filter: string, handler: (topic: string, payload: Uint8Array) => void): Promise<() => void>;
  on<E extends keyof ClientEvents>(event: E, handler: ClientEvents[E]): () => void;
  /** Tries to reconnect now, as when the network is back. */
  reconnect(): void;
  /** Ends connection and storage; what waits is sent by the next client. */
  close(): Promise<void>;
}
