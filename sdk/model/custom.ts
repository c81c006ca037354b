import { ClientError } from '../errors.ts';
import type { Tabs } from '../tabs.ts';
import type { PublishOptions, Transport } from '../transport.ts';
import { matches } from './filter.ts';

type Handler = (topic: string, payload: Uint8Array) => void;
type Failure = { readonly code: string; readonly message: string; readonly retryable: boolean };

/** What tabs tell each other of custom topics. */
type Word =
  | { readonly topics: 'publish'; readonly ref: string; readonly given: Parameters<Transport['publish']> }
  | { readonly topics: 'want'; readonly ref: string; readonly tab: string; readonly filter: string }
  /** Nobody in that tab wants it any more. */
  | { readonly topics: 'end'; readonly tab: string; readonly filter: string }
  | { readonly topics: 'answer'; readonly ref: string; readonly failure?: Failure }
  | { readonly topics: 'came'; readonly topic: string; readonly payload: Uint8Array }
  /** From who leads now: say what you want. */
  | { readonly topics: 'ask' };

const answerMs = 15_000;

/** Topics that are an application's own. The tab that leads publishes and subscribes for all. */
export class CustomTopics {
  readonly #transport: Transport;
  readonly #tabs: Tabs;
  readonly #handlers = new Map<string, Set<Handler>>();
  /** Filters that other tabs want, and which tabs. */
  readonly #others = new Map<string, Set<string>>();
  readonly #tab = newRef();
  readonly #answers = new Map<string, (failure?: Failure) => void>();
  readonly #ends: (() => void)[];

  constructor(transport: Transport, tabs: Tabs) {
    this.#transport = transport;
    this.#tabs = tabs;
    this.#ends = [
      transport.onConnect(() => {
        for (const filter of new Set([...this.#handlers.keys(), ...this.#others.keys()]))
          transport.subscribe(filter).catch(() => {});
      }),
      tabs.onMessage((message) => {
        if (typeof (message as Partial<Word> | undefined)?.topics === 'string') this.#hear(message as Word);
      }),
      tabs.isLeader.subscribe((leads) => {
        this.#others.clear();
        if (leads) this.#post({ topics: 'ask' });
      }),
    ];
  }

  /** Rejects with ClientError where the server refused, or is not there. */
  async publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): Promise<void> {
    if (this.#leads) await this.#transport.publish(topic, payload, options);
    else await this.#asked((ref) => ({ topics: 'publish', ref, given: [topic, payload, options] }));
  }

  /** Rejects with ClientError where the server refused, or is not there. */
  async subscribe(filter: string, handler: Handler): Promise<() => void> {
    const own: Handler = (topic, payload) => handler(topic, payload);
    const handlers = this.#handlers.get(filter) ?? new Set();
    this.#handlers.set(filter, handlers);
    // Before the answer: what is retained comes with it.
    handlers.add(own);
    const end = (): void => {
      if (!handlers.delete(own) || handlers.size > 0 || this.#handlers.get(filter) !== handlers) return;
      this.#handlers.delete(filter);
      if (!this.#leads) this.#post({ topics: 'end', tab: this.#tab, filter });
      else if (!this.#others.has(filter)) this.#transport.unsubscribe(filter).catch(() => {});
    };
    try {
      if (this.#leads) await this.#transport.subscribe(filter);
      else await this.#asked((ref) => ({ topics: 'want', ref, tab: this.#tab, filter }));
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }

  /** What the connection brought. */
  onMessage(topic: string, payload: Uint8Array): void {
    this.#tell(topic, payload);
    const isWanted = [...this.#others.keys()].some((filter) => matches(filter, topic));
    if (isWanted) this.#post({ topics: 'came', topic, payload });
  }

  /** Nobody listens any more. */
  clear(): void {
    this.#handlers.clear();
    this.#others.clear();
  }

  close(): void {
    for (const end of this.#ends) end();
    this.clear();
    for (const answer of this.#answers.values()) answer(unreachable);
  }

  get #leads(): boolean {
    return this.#tabs.isLeader.value;
  }

  #post(word: Word): void {
    this.#tabs.post(word);
  }

  #tell(topic: string, payload: Uint8Array): void {
    for (const [filter, handlers] of this.#handlers)
      if (matches(filter, topic)) for (const handler of [...handlers]) handler(topic, payload);
  }

  #hear(word: Word): void {
    if (word.topics === 'answer') this.#answers.get(word.ref)?.(word.failure);
    else if (word.topics === 'came') this.#tell(word.topic, word.payload);
    else if (word.topics === 'ask') {
      for (const filter of this.#handlers.keys())
        this.#post({ topics: 'want', ref: '', tab: this.#tab, filter });
    } else if (!this.#leads) return;
    else if (word.topics === 'publish') this.#answer(word.ref, this.#transport.publish(...word.given));
    else if (word.topics === 'want') this.#want(word);
    else this.#leave(word);
  }

  #want({ ref, tab, filter }: Extract<Word, { topics: 'want' }>): void {
    this.#others.set(filter, (this.#others.get(filter) ?? new Set()).add(tab));
    this.#answer(ref, this.#transport.subscribe(filter));
  }

  #leave({ tab, filter }: Extract<Word, { topics: 'end' }>): void {
    const tabs = this.#others.get(filter);
    tabs?.delete(tab);
    if (tabs === undefined || tabs.size > 0) return;
    this.#others.delete(filter);
    if (!this.#handlers.has(filter)) this.#transport.unsubscribe(filter).catch(() => {});
  }

  #answer(ref: string, work: Promise<unknown>): void {
    work.then(
      () => this.#post({ topics: 'answer', ref }),
      (error: unknown) => {
        const { code = 'client.failed', message = '', retryable = false } = error as Partial<Failure>;
        this.#post({ topics: 'answer', ref, failure: { code, message, retryable } });
      },
    );
  }

  /** Asks the tab that leads, and waits for its answer. */
  #asked(word: (ref: string) => Word): Promise<void> {
    const ref = newRef();
    return new Promise<void>((resolve, reject) => {
      const answer = (failure?: Failure): void => {
        clearTimeout(timer);
        this.#answers.delete(ref);
        if (failure === undefined) resolve();
        else reject(new ClientError(failure.code, failure.message, { retryable: failure.retryable }));
      };
      const timer = setTimeout(() => answer(unreachable), answerMs);
      this.#answers.set(ref, answer);
      this.#post(word(ref));
    });
  }
}

const newRef = (): string => String(Math.random()).slice(2);

const unreachable: Failure = {
  code: 'client.offline',
  message: 'The tab that is connected does not answer.',
  retryable: true,
};
