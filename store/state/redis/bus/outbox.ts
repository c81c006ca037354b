/** What goes to one channel in one PUBLISH. */
interface Post {
  /** Numbers grow with the order. */
  readonly number: number;
  readonly channel: string;
  readonly frames: Buffer[];
  bytes: number;
  /** Events are told again by those who read on from the timeline; messages are not. */
  readonly isEvents: boolean;
}

/** channel length (2), payload length (4). */
const postHeadBytes = 6;

/** A batch on its way: `bytes` hold its posts one behind the other, as the script reads them. */
export interface Batch {
  readonly posts: readonly Post[];
  readonly bytes: Buffer;
}

export interface OutboxOptions {
  /** More than this is not kept. */
  readonly maxBytes: number;
  readonly maxBatchBytes: number;
}

/**
 * What is to be published, in order, bounded. Events of one channel that wait next to each other become one post; nothing
 * passes a message.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #posts: Post[] = [];
  /** Posts at the end that may still take events. */
  readonly #open = new Map<string, Post>();
  #bytes = 0;
  #last = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#posts.length === 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the newest post there ever was. */
  get last(): number {
    return this.#last;
  }

  /** Whether there is more than may be kept: `shed` has to follow. */
  get isOver(): boolean {
    return this.#bytes > this.#options.maxBytes;
  }

  addEvent(channel: string, frame: Buffer): void {
    const open = this.#open.get(channel);
    if (open !== undefined && open.bytes + frame.length <= this.#options.maxBatchBytes) {
      open.frames.push(frame);
      open.bytes += frame.length;
      this.#bytes += frame.length;
    } else this.#open.set(channel, this.#push(channel, frame, true));
  }

  addMessage(channel: string, frame: Buffer): void {
    this.#open.clear();
    this.#push(channel, frame, false);
  }

  #push(channel: string, frame: Buffer, isEvents: boolean): Post {
    const post: Post = { number: ++this.#last, channel, frames: [frame], bytes: frame.length, isEvents };
    this.#posts.push(post);
    this.#bytes += sizeOf(post);
    return post;
  }

  /** Takes the oldest posts out, as many as go together. */
  take(): Batch {
    this.#open.clear();
    let count = 0;
    let size = 0;
    for (const post of this.#posts) {
      const next = size + sizeOf(post);
      if (count > 0 && next > this.#options.maxBatchBytes) break;
      size = next;
      count++;
    }
    const posts = count === this.#posts.length ? this.#posts : this.#posts.slice(0, count);
    this.#posts = count === this.#posts.length ? [] : this.#posts.slice(count);
    this.#bytes -= size;
    return { posts, bytes: encode(posts, size) };
  }

  /** Puts batches that were not published back in front, the oldest first. */
  putBack(batches: readonly Batch[]): void {
    this.#open.clear();
    const posts = batches.flatMap((batch) => batch.posts);
    for (const post of posts) this.#bytes += sizeOf(post);
    this.#posts = [...posts, ...this.#posts];
  }

  /** Drops what is too much: events first, for receivers can read them elsewhere, then everything. */
  shed(): void {
    this.#open.clear();
    this.#posts = this.#posts.filter(({ isEvents }) => !isEvents);
    this.#bytes = this.#posts.reduce((sum, post) => sum + sizeOf(post), 0);
    if (this.#bytes <= this.#options.maxBytes / 2) return;
    this.#posts = [];
    this.#bytes = 0;
  }
}

const sizeOf = ({ channel, bytes }: Post): number => postHeadBytes + channel.length + bytes;

function encode(posts: readonly Post[], size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const post of posts) {
    at = bytes.writeUInt16LE(post.channel.length, at);
    at += bytes.write(post.channel, at, 'latin1');
    at = bytes.writeUInt32LE(post.bytes, at);
    for (const frame of post.frames) {
      bytes.set(frame, at);
      at += frame.length;
    }
  }
  return bytes;
}
