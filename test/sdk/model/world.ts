import { setImmediate } from 'node:timers/promises';
import type { Event } from '../../../sdk/model/event.ts';
import { Model, type ModelOptions } from '../../../sdk/model/model.ts';
import { State } from '../../../sdk/signal.ts';
import { memoryStorage } from '../../../sdk/storage/memory.ts';
import { SoloTabs } from '../../../sdk/tabs/solo.ts';
import type { Transport } from '../../../sdk/transport.ts';
import type { Message, Notice } from '../../../sdk/types.ts';
import { ModelServer, me } from './server.ts';

/** Lets everything go on that can. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await setImmediate();
}

/** A connection that is there when the test says so. */
export class ModelTransport implements Transport {
  readonly state = new State<'off' | 'connecting' | 'online' | 'offline'>('off');
  readonly published: { readonly topic: string; readonly payload: unknown }[] = [];
  readonly subscribed = new Set<string>();
  readonly #handlers = new Set<() => void>();

  start(): void {
    if (this.state.value === 'off') this.state.set('connecting');
  }
  async stop(): Promise<void> {
    this.state.set('off');
  }
  reconnect(): void {}
  onMessage(): void {}
  onConnect(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }
  async publish(topic: string, payload: string | Uint8Array): Promise<Readonly<Record<string, string>>> {
    this.published.push({ topic, payload: JSON.parse(String(payload)) });
    return {};
  }
  async subscribe(filter: string): Promise<void> {
    this.subscribed.add(filter);
  }
  async unsubscribe(filter: string): Promise<void> {
    this.subscribed.delete(filter);
  }
  connect(): void {
    this.state.set('online');
    for (const handler of [...this.#handlers]) handler();
  }
  cut(): void {
    this.state.set('offline');
  }
}

/** One device of alice's, and the server that it talks to. */
export class World {
  readonly server = new ModelServer();
  readonly storage = memoryStorage();
  readonly messages: Message[] = [];
  readonly notices: Notice[] = [];
  readonly errors: unknown[] = [];
  /** What the connection still has to bring. */
  readonly underway: Event[] = [];
  transport = new ModelTransport();
  model: Model;
  readonly #options: Partial<ModelOptions>;

  constructor(options: Partial<ModelOptions> = {}) {
    this.#options = options;
    this.model = this.#create();
  }

  #create(): Model {
    this.transport = new ModelTransport();
    return new Model({
      me,
      storage: this.storage,
      tabs: new SoloTabs(),
      transport: this.transport,
      request: this.server.request,
      onMessage: (message) => this.messages.push(message),
      onNotice: (notice) => this.notices.push(notice),
      onError: (error) => this.errors.push(error),
      ...this.#options,
    });
  }

  /** Starts, connects, and has caught up. */
  async start(): Promise<this> {
    await this.model.start();
    await this.connect();
    return this;
  }

  async connect(): Promise<void> {
    this.transport.connect();
    await settled();
  }

  /** The connection breaks, with what was under way. */
  async cut(): Promise<void> {
    this.underway.length = 0;
    this.transport.cut();
    await settled();
  }

  /** The program ends, and begins again with what it kept. */
  async restart(): Promise<void> {
    await this.model.close();
    this.underway.length = 0;
    this.model = this.#create();
    await this.start();
  }

  say(conv: string, from: string, type: string, body: Readonly<Record<string, unknown>>): Event {
    const event = this.server.say(conv, from, type, body);
    if (this.transport.state.value === 'online') this.underway.push(event);
    return event;
  }

  text(conv: string, from: string, text: string): Event {
    return this.say(conv, from, 'text', { text });
  }

  /** The connection brings it. Resolves when it would be acknowledged. */
  bring(event: Event): Promise<void> | undefined {
    const topic = event.conv.startsWith('g:') ? `g/${event.conv.slice(2)}` : `u/${me}`;
    return this.model.onMessage(topic, new TextEncoder().encode(JSON.stringify(event)));
  }

  /** All that is under way comes. */
  async bringAll(): Promise<void> {
    for (const event of this.underway.splice(0)) void this.bring(event);
    await settled();
  }

  notify(notice: Omit<Notice, 'ts'>): void {
    const payload = new TextEncoder().encode(JSON.stringify({ ts: 1, ...notice }));
    void this.model.onMessage(`n/${me}`, payload);
  }

  /** All messages of a conversation, its oldest too. */
  async allOf(conv: string): Promise<readonly Message[]> {
    const view = this.model.conversation(conv);
    const close = view.open();
    await settled();
    while (view.messages.value.hasOlder) await view.loadOlder(7);
    await settled();
    const { items } = view.messages.value;
    close();
    return items;
  }
}
