import { PetrelError } from '../../../schemas/errors.ts';
import type { FeedItem, SharedCustom } from '../../../store/shared-custom.ts';

/** What is kept of the feed while a node reads anew. */
const maxHeld = 10_000;
const lookMs = 1000;
const retryMs = 500;
/** Who waits for what the feed is to tell waits no longer. */
const waitMs = 4000;

export interface FeedOptions {
  readonly shared: SharedCustom;
  /** Each in the order of numbers, none twice. */
  readonly onItem: (item: FeedItem) => void;
  /**
   * Reads all that the feed tells of: as it was at the number it answers, or later. Called at the start, and after something
   * was missed: `missed` came between the two numbers.
   */
  readonly load: (missed: boolean) => Promise<number>;
  readonly onError: (error: unknown) => void;
}

interface Waiting {
  readonly number: number;
  readonly resolve: () => void;
}

/** The feed of a node without holes: what it missed is found by the next number or by looking, and then all is read anew. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #ends: (() => void)[] = [];
  #position = -1;
  #held: FeedItem[] | undefined = [];
  #waiting: Waiting[] = [];
  /** The position that was found behind when it was looked at last. */
  #behind: number | undefined;
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Up to where the node has heard. */
  get position(): number {
    return this.#position;
  }

  /** Whether it hears all there is, as far as is known. */
  get isWhole(): boolean {
    return this.#held === undefined;
  }

  async start(): Promise<void> {
    const { shared } = this.#options;
    const timer = setInterval(() => void this.#look().catch(() => undefined), lookMs);
    timer.unref();
    this.#ends.push(
      () => clearInterval(timer),
      shared.onFeed((item) => this.#heard(item)),
      shared.onFeedBack(() => void this.#look().catch(() => undefined)),
    );
    await this.#read(false);
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends) end();
    this.#settle();
  }

  #heard(item: FeedItem): void {
    if (this.#held !== undefined) {
      // Too many to keep: what is missing is found when the rest is looked at.
      if (this.#held.length < maxHeld) this.#held.push(item);
      return;
    }
    if (item.number <= this.#position) return;
    if (item.number > this.#position + 1) {
      this.#missed(item);
      return;
    }
    this.#take(item);
    this.#settle();
  }

  #take(item: FeedItem): void {
    this.#position = item.number;
    try {
      this.#options.onItem(item);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #missed(...held: FeedItem[]): void {
    if (this.#held !== undefined) return;
    this.#held = held;
    void this.#readUntilRead();
  }

  async #readUntilRead(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#read(true);
        return;
      } catch (error) {
        if (!(error instanceof PetrelError)) this.#options.onError(error);
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
  }

  async #read(missed: boolean): Promise<void> {
    const number = await this.#options.load(missed);
    this.#position = number;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [i, item] of held.entries()) {
      if (item.number <= this.#position) continue;
      if (item.number > this.#position + 1) {
        this.#missed(...held.slice(i));
        return;
      }
      this.#take(item);
    }
    this.#settle();
  }

  /** Whether it is as far as the others: what does not come within a second or two was missed. */
  async #look(): Promise<void> {
    if (this.#held !== undefined) return;
    const before = this.#position;
    const number = await this.#options.shared.number();
    if (this.#held !== undefined || this.#closed) return;
    const position = this.#position;
    const isLate = number < before || (number > position && this.#behind === position);
    this.#behind = number > position ? position : undefined;
    if (isLate) this.#missed();
  }

  /** Resolves when the node has heard up to the number. Rejects with `store.unavailable` where it does not in time. */
  async reached(number: number): Promise<void> {
    if (this.#held === undefined && this.#position >= number) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(new PetrelError('store.unavailable'));
      }, waitMs);
      const waiting: Waiting = {
        number,
        resolve: () => {
          clearTimeout(timer);
          if (this.#closed) reject(new PetrelError('store.unavailable'));
          else resolve();
        },
      };
      this.#waiting.push(waiting);
    });
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter(({ number }) => this.#closed || number <= this.#position);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !due.includes(waiting));
    for (const { resolve } of due) resolve();
  }
}
