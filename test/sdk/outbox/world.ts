import { setImmediate } from 'node:timers/promises';
import { ClientError } from '../../../sdk/errors.ts';
import type { OutboxEntry, Place } from '../../../sdk/outbox/entry.ts';
import { Outbox, type OutboxOptions } from '../../../sdk/outbox/outbox.ts';
import type { Schedule } from '../../../sdk/outbox/pause.ts';
import { State } from '../../../sdk/signal.ts';
import { memoryStorage } from '../../../sdk/storage/memory.ts';
import type { Storage } from '../../../sdk/storage.ts';
import type { Tabs } from '../../../sdk/tabs.ts';
import type { Transport } from '../../../sdk/transport.ts';

export const uid = 'alice';

/** Stores as the server does: what it has had is answered with its first place. */
export class ModelServer {
  readonly stored = new Map<string, string[]>();

  take(conv: string, id: string): { seq: number; dup: boolean } {
    const ids = this.stored.get(conv) ?? [];
    this.stored.set(conv, ids);
    const at = ids.indexOf(id);
    if (at !== -1) return { seq: at + 1, dup: true };
    ids.push(id);
    return { seq: ids.length, dup: false };
  }
}

interface Packet {
  readonly topic: string;
  readonly payload: { readonly id: string; readonly [member: string]: unknown };
  readonly resolve: (properties: Readonly<Record<string, string>>) => void;
  readonly reject: (error: ClientError) => void;
  /** What the server has answered; not under way yet while absent. */
  answer?: () => void;
}

/** A connection whose every step is a call: what the server takes, and what of its answers comes. */
export class ModelTransport implements Pick<Transport, 'state' | 'publish'> {
  readonly state = new State<'off' | 'connecting' | 'online' | 'offline'>('off');
  /** What was published, in order. */
  readonly published: { readonly topic: string; readonly id: string }[] = [];
  readonly #server: ModelServer;
  #packets: Packet[] = [];

  constructor(server: ModelServer) {
    this.#server = server;
  }

  publish(topic: string, payload: string | Uint8Array): Promise<Readonly<Record<string, string>>> {
    if (this.state.value !== 'online') return Promise.reject(offline());
    const parsed = JSON.parse(String(payload)) as Packet['payload'];
    this.published.push({ topic, id: parsed.id });
    return new Promise((resolve, reject) => {
      this.#packets.push({ topic, payload: parsed, resolve, reject });
    });
  }

  get inFlight(): number {
    return this.#packets.length;
  }

  connect(): void {
    this.state.set('online');
  }

  /** The connection ends; what was not answered is lost, whether or not the server took it. */
  cut(): void {
    const lost = this.#packets;
    this.#packets = [];
    this.state.set('offline');
    for (const { reject } of lost) reject(offline());
  }

  /** What the server takes next. */
  get next(): { readonly conv: string; readonly id: string } | undefined {
    const packet = this.#packets.find(({ answer }) => answer === undefined);
    return packet && { conv: convOf(packet.topic), id: packet.payload.id };
  }

  /** The server takes the next packet, or refuses it. Answers the id, undefined where there is none. */
  take(refusal?: ClientError): string | undefined {
    const packet = this.#packets.find(({ answer }) => answer === undefined);
    if (packet === undefined) return undefined;
    if (refusal !== undefined) packet.answer = () => packet.reject(refusal);
    else {
      const { seq, dup } = this.#server.take(convOf(packet.topic), packet.payload.id);
      const properties = { conv: convOf(packet.topic), seq: String(seq), ts: String(1000 + seq) };
      packet.answer = () => packet.resolve(dup ? { ...properties, dup: '1' } : properties);
    }
    return packet.payload.id;
  }

  /** The next answer comes. */
  deliver(): void {
    if (this.#packets[0]?.answer !== undefined) this.#packets.shift()!.answer!();
  }

  /** The next is taken and answered. */
  async answer(refusal?: ClientError): Promise<string | undefined> {
    const id = this.take(refusal);
    this.deliver();
    await settled();
    return id;
  }
}

const offline = (): ClientError => new ClientError('client.offline', 'Gone.', { retryable: true });
export const refusals = {
  offline,
  forGood: () => new ClientError('send.not-friends', 'No.'),
  forNow: () => new ClientError('store.unavailable', 'Later.', { retryable: true }),
  rate: (retryAfter = 70) => new ClientError('send.rate', 'Slower.', { retryable: true, retryAfter }),
};

const convOf = (topic: string): string => {
  const [, kind, id = ''] = topic.split('/');
  return kind === 'g' ? `g:${id}` : `u:${[uid, id].sort().join(':')}`;
};

/** Pauses that end when the test says so. */
export class ModelClock {
  readonly #pending = new Map<symbol, { readonly work: () => void; readonly ms: number }>();

  readonly schedule: Schedule = (work, ms) => {
    const key = Symbol();
    this.#pending.set(key, { work, ms });
    return () => void this.#pending.delete(key);
  };

  /** How long they are. */
  get pauses(): number[] {
    return Array.from(this.#pending.values(), ({ ms }) => ms);
  }

  async pass(): Promise<void> {
    const due = [...this.#pending.values()];
    this.#pending.clear();
    for (const { work } of due) work();
    await settled();
  }
}

/** The tabs of one storage; the first that is open leads, or, where none is elected, each. */
export class ModelTabs {
  readonly #open: ModelTab[] = [];
  readonly #isElected: boolean;
  #exclusive: Promise<unknown> = Promise.resolve();

  constructor(isElected: boolean) {
    this.#isElected = isElected;
  }

  open(): ModelTab {
    let tellClosed = (): void => {};
    const closed = new Promise<void>((resolve) => {
      tellClosed = resolve;
    });
    const tab: ModelTab = {
      closed,
      isLeader: new State(!this.#isElected || this.#open.length === 0),
      handlers: new Set(),
      post: (message) => {
        if (!this.#open.includes(tab)) return;
        const copy = structuredClone(message);
        for (const other of this.#open)
          if (other !== tab) for (const handler of [...other.handlers]) queueMicrotask(() => handler(copy));
      },
      onMessage: (handler) => {
        tab.handlers.add(handler);
        return () => void tab.handlers.delete(handler);
      },
      exclusively: (_name, work) => {
        const result = this.#exclusive.then(work);
        this.#exclusive = Promise.race([result.catch(() => {}), tab.closed]);
        return result;
      },
      close: async () => {
        const at = this.#open.indexOf(tab);
        if (at !== -1) this.#open.splice(at, 1);
        tab.handlers.clear();
        tellClosed();
        this.#open[0]?.isLeader.set(true);
      },
    };
    this.#open.push(tab);
    return tab;
  }
}

export interface ModelTab extends Tabs {
  readonly isLeader: State<boolean>;
  readonly handlers: Set<(message: unknown) => void>;
  readonly closed: Promise<void>;
}

/** One tab, with all that it has. */
export interface Opened {
  readonly outbox: Outbox;
  readonly transport: ModelTransport;
  readonly tab: ModelTab;
  /** What was kept here, and what became of it, by id. */
  readonly added: Set<string>;
  readonly outcomes: Map<string, Place | string>;
  readonly errors: Error[];
  add(conv: string, id: string): Promise<OutboxEntry>;
  /** As a crash does: nothing is said to anybody. */
  vanish(): void;
  /** Resolves when it has. */
  readonly died: Promise<void>;
}

/** A server, a storage, and the tabs on it. */
export class World {
  readonly server = new ModelServer();
  readonly clock = new ModelClock();
  readonly tabs: ModelTabs;
  readonly storage: Storage;

  constructor(storage: Storage = memoryStorage(), { isElected = true } = {}) {
    this.storage = storage;
    this.tabs = new ModelTabs(isElected);
  }

  open(options: Partial<OutboxOptions> = {}): Opened {
    const transport = new ModelTransport(this.server);
    const tab = this.tabs.open();
    const outcomes = new Map<string, Place | string>();
    const added = new Set<string>();
    const errors: Error[] = [];
    const { storage, clock } = this;
    const onError = (error: Error): void => void errors.push(error);
    const outbox = new Outbox({
      uid,
      storage,
      tabs: tab,
      transport,
      schedule: clock.schedule,
      onError,
      ...options,
    });
    const add = async (conv: string, id: string): Promise<OutboxEntry> => {
      const { entry, stored } = await outbox.add(conv, { id, type: 'text', body: { text: id } });
      added.add(id);
      stored.then(
        (place) => outcomes.set(id, place),
        (error: ClientError) => outcomes.set(id, error.code),
      );
      return entry;
    };
    const vanish = (): void => {
      transport.cut();
      void tab.close();
      void outbox.close();
    };
    return { outbox, transport, tab, added, died: tab.closed, outcomes, errors, add, vanish };
  }
}

/** Everything that does not wait for the test has happened. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await setImmediate();
}
