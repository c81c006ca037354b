import { type Auth, signedOut } from './auth/auth.ts';
import { createAuth } from './auth/create.ts';
import { randomHex } from './auth/random.ts';
import { directConv, groupConv } from './model/conv.ts';
import { CustomTopics } from './model/custom.ts';
import { Events } from './model/events.ts';
import { Gate } from './model/gate.ts';
import { Model } from './model/model.ts';
import type { OperationName, Operations } from './operations.ts';
import type { AskOptions } from './requests/ask.ts';
import { Requests } from './requests.ts';
import { type Signal, State } from './signal.ts';
import type { Storage } from './storage.ts';
import type { CreatedTabs } from './tabs/create.ts';
import { Connection } from './transport/connection.ts';
import type { Dial } from './transport/dial.ts';
import type { PublishOptions, Transport } from './transport.ts';
import type {
  Client,
  ClientEvents,
  ClientOptions,
  Conversation,
  ConversationEntry,
  Platform,
  Presence,
  Profile,
  Status,
} from './types.ts';

/** What differs between browsers and Node. */
export interface Surroundings {
  readonly dial: Dial;
  readonly storage: Storage;
  readonly tabs: CreatedTabs;
  readonly platform: Platform;
  /** The server's HTTP port, without a slash at the end; empty for that of the page. */
  readonly url: string;
  /** Its MQTT port. */
  readonly mqttUrl: string;
  /** How long the server keeps what comes while this client is away; 7 days where absent. */
  readonly sessionExpirySeconds?: number;
}

/** Puts a client together and takes up the sign-in that is kept. Works without a network. */
export async function composeClient(around: Surroundings, options: ClientOptions): Promise<Client> {
  const client = new PetrelClient(around, options);
  await client.restore();
  return client;
}

const nobody = new State<undefined>(undefined);

class PetrelClient implements Client {
  readonly status = new State<Status>('signed-out');
  /** Set when what is kept of them is there: who sees a user may ask for conversations. */
  readonly user = new State<Client['user']['value']>(undefined);
  readonly conversations = new State<readonly ConversationEntry[]>([]);
  readonly isSynced = new State(false);
  readonly waiting = new State(0);
  readonly #around: Surroundings;
  readonly #auth: Auth;
  readonly #requests: Requests;
  readonly #transport: Transport;
  readonly #custom: CustomTopics;
  readonly #events = new Events();
  #model: Model | undefined;
  #gate: Gate | undefined;
  /** What the model of the user is doing: beginning, or ending. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(around: Surroundings, { device, token, will }: ClientOptions) {
    const { storage, dial, url, mqttUrl, sessionExpirySeconds } = around;
    const { tabs, isElected } = around.tabs;
    const platform = device?.platform ?? around.platform;
    const http: AskOptions = { url };
    const onError = (error: unknown): void => this.#tell(error);
    this.#around = around;
    this.#auth = createAuth({
      ...{ http, storage, tabs, platform, onError, deviceName: device?.name },
      ...(token !== undefined && { token }),
      forget: async () => {
        await this.#changing;
        await storage.clear();
      },
    });
    this.#requests = new Requests({ ...http, credentials: this.#auth });
    const suffix = isElected ? '' : `-${randomHex(4)}`;
    this.#transport = new Connection({
      ...{ dial, url: mqttUrl, credentials: this.#auth, onError },
      clientId: async () => `${platform}-${await this.#auth.device()}${suffix}`,
      ...(isElected
        ? sessionExpirySeconds !== undefined && { sessionExpirySeconds }
        : { sessionExpirySeconds: 0 }),
      ...(will !== undefined && { will }),
    });
    this.#custom = new CustomTopics(this.#transport, tabs);
    this.#transport.onMessage((topic, payload) => {
      const taken = this.#model?.onMessage(topic, payload);
      if (taken === undefined) this.#custom.onMessage(topic, payload);
      return taken;
    });
    this.#auth.user.subscribe(() => this.#onUser());
    this.#auth.onEnded((reason) => this.#events.emit('signed-out', reason));
  }

  async restore(): Promise<void> {
    await this.#auth.restore();
    await this.#changing;
  }

  async register(account: { uid: string; password: string; name?: string }): Promise<void> {
    await this.#auth.register(account);
    await this.#changing;
  }

  async signIn(account: { uid: string; password: string }): Promise<void> {
    await this.#auth.signIn(account);
    await this.#changing;
  }

  async signOut(options?: { readonly all?: boolean }): Promise<void> {
    await this.#auth.signOut(options);
    await this.#changing;
  }

  async request<N extends OperationName>(
    name: N,
    input: Operations[N]['input'],
  ): Promise<Operations[N]['output']> {
    const output = await this.#requests.request(name, input);
    if (name === 'me.get' || name === 'me.update') {
      this.#model?.tellProfile(output as Profile);
    }
    return output;
  }

  conversation(of: string | { readonly uid: string } | { readonly gid: string }): Conversation {
    const model = this.#model;
    if (model === undefined) throw signedOut();
    if (typeof of === 'string') return model.conversation(of);
    return model.conversation('uid' in of ? directConv(model.me, of.uid) : groupConv(of.gid));
  }

  presence(uid: string): Signal<Presence | undefined> {
    return this.#model?.presence(uid) ?? nobody;
  }

  profile(uid: string): Signal<Profile | undefined> {
    return this.#model?.profile(uid) ?? nobody;
  }

  publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): Promise<void> {
    return this.#custom.publish(topic, payload, options);
  }

  subscribe(filter: string, handler: (topic: string, payload: Uint8Array) => void): Promise<() => void> {
    return this.#custom.subscribe(filter, handler);
  }

  on<E extends keyof ClientEvents>(event: E, handler: ClientEvents[E]): () => void {
    return this.#events.on(event, handler);
  }

  reconnect(): void {
    this.#model?.reconnect();
  }

  async close(): Promise<void> {
    this.#auth.close();
    this.#custom.close();
    await this.#end();
    await this.#changing;
    await this.#around.tabs.tabs.close();
    await this.#around.storage.close();
  }

  /** Somebody else is signed in than before, or nobody. What was shown is gone at once. */
  #onUser(): void {
    const user = this.#auth.user.value;
    if (user !== undefined && user.uid === this.#model?.me) {
      if (this.user.value !== undefined) this.user.set(user);
      return;
    }
    this.user.set(undefined);
    void this.#end();
    if (user !== undefined) this.#changing = this.#changing.then(() => this.#begin(user.uid));
  }

  async #begin(me: string): Promise<void> {
    const user = this.#auth.user.value;
    if (user?.uid !== me) return;
    const { storage, tabs } = this.#around;
    const gate = new Gate(storage);
    const model = new Model({
      ...{ me, storage: gate, tabs: tabs.tabs, transport: this.#transport },
      request: (name, input) => this.#requests.request(name, input),
      onMessage: (message) => this.#events.emit('message', message),
      onNotice: (notice) => this.#events.emit('notice', notice),
      onError: (error) => this.#tell(error),
    });
    this.#model = model;
    this.#gate = gate;
    const show = <T>(from: Signal<T>, to: State<T>): void => {
      from.subscribe((value) => this.#model === model && to.set(value));
      to.set(from.value);
    };
    show(model.status, this.status);
    show(model.isSynced, this.isSynced);
    show(model.conversations, this.conversations);
    show(model.outbox.waiting, this.waiting);
    await model.start().catch((error: unknown) => this.#tell(error));
    if (this.#model === model) this.user.set(this.#auth.user.value);
  }

  #end(): Promise<unknown> {
    const [model, gate] = [this.#model, this.#gate];
    this.#model = undefined;
    this.#gate = undefined;
    this.#custom.clear();
    this.status.set('signed-out');
    this.isSynced.set(false);
    this.conversations.set([]);
    this.waiting.set(0);
    if (model === undefined) return this.#changing;
    const ended = Promise.all([model.close(), this.#transport.stop()]).then(() => gate?.close());
    this.#changing = Promise.allSettled([this.#changing, ended]);
    return this.#changing;
  }

  /** Being away is no error: `status` tells of it. */
  #tell(error: unknown): void {
    const { code } = (error ?? {}) as { code?: unknown };
    if (code === 'client.offline' || code === 'client.signed-out' || code === 'client.closed') return;
    this.#events.emit('error', error instanceof Error ? error : new Error(String(error)));
  }
}
