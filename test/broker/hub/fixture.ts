import { readPublish } from '../../../broker/gate/publish.ts';
import { Reader } from '../../../broker/gate/reader.ts';
import { Hub } from '../../../broker/hub/hub.ts';
import { packetIdOf } from '../../../broker/hub/inflight.ts';
import type { Link } from '../../../broker/hub/link.ts';
import type { Session } from '../../../broker/hub/session.ts';
import type { StoredEvent } from '../../../schemas/event.ts';
import type { Bus } from '../../../store/bus.ts';
import type { StoredSession } from '../../../store/sessions.ts';
import { createMemoryBus } from '../../../store/state/memory/bus.ts';
import type { Timeline } from '../../../store/timeline.ts';

/** A PUBLISH as a client got it. */
export interface Got {
  readonly topic: string;
  readonly id: number;
  readonly qos: number;
  readonly payload: Record<string, unknown>;
}

/** A client that keeps what it got, and acknowledges when it is told to. */
export class FakeLink implements Link {
  readonly version = 5;
  maxPacketSize = Number.POSITIVE_INFINITY;
  backlog = 0;
  readonly got: Got[] = [];
  readonly frames: Buffer[] = [];
  ended: number | undefined;
  #acknowledged = 0;

  send(frame: Buffer): void {
    this.frames.push(frame);
    const reader = new Reader(frame, 1, frame.length);
    reader.varint();
    const body = new Reader(frame, reader.at, frame.length);
    const { topic, id, qos, payload } = readPublish(body, frame[0]! & 0x0f, 4, {
      maximum: 0,
      topics: new Map(),
    });
    // MQTT 5 has a property length in front of the payload.
    this.got.push({
      topic,
      id,
      qos,
      payload: JSON.parse(payload.subarray(1).toString()) as Record<string, unknown>,
    });
  }

  expire(): void {}

  end(reason: number): void {
    this.ended = reason;
  }

  get unacknowledged(): number {
    return this.got.length - this.#acknowledged;
  }

  /** Acknowledges the oldest ones. */
  acknowledge(session: Session, count: number): void {
    for (let i = 0; i < count && this.unacknowledged > 0; i++) {
      const { id, qos } = this.got[this.#acknowledged]!;
      this.#acknowledged++;
      if (qos > 0) session.acknowledge(id);
    }
  }

  seqs(conv: string): number[] {
    return this.got
      .filter(({ topic, payload }) => payload.conv === conv && !topic.startsWith('n/'))
      .map(({ payload }) => payload.seq as number);
  }
}

const thrown = (error: unknown): never => {
  throw error;
};

/** A hub over a timeline that is an array. */
export class HubFixture {
  readonly events: StoredEvent[] = [];
  readonly groups = new Map<string, number>();
  /** What the user removed from their view. */
  readonly cleared = new Map<string, number>();
  readonly moves: { conv: string; uid: string; delivered?: number }[] = [];
  readonly progress: Record<string, number>[] = [];
  readonly bus: Bus;
  reads = 0;
  /** What the hub goes by, ms. */
  nowMs = 1000;
  /** What failed in the background. */
  readonly errors: unknown[] = [];
  /** Looks on when the groups of a user are read. */
  whileReadingGroups = (): void => {};
  readonly hub: Hub;
  readonly #teller: Bus;

  /** Events come by `teller` where it is another end of the same bus. */
  constructor(bus: Bus = createMemoryBus(thrown), teller: Bus = bus) {
    this.bus = bus;
    this.#teller = teller;
    const timeline: Pick<Timeline, 'range' | 'heads' | 'directs' | 'moveCursors'> = {
      range: async ({ conv, after, limit }) => {
        this.reads++;
        return this.events.filter((event) => event.conv === conv && event.seq > after).slice(0, limit);
      },
      heads: async (convs) => convs.map((conv) => this.#head(conv)),
      directs: async (uid) =>
        [...new Set(this.events.map(({ conv }) => conv))]
          .filter((conv) => conv.split(':').slice(1).includes(uid) && conv.startsWith('u:'))
          .map((conv) => ({ conv, head: this.#head(conv)! })),
      moveCursors: async (moves) => {
        this.moves.push(...moves);
        return moves.map(({ conv, uid, delivered = 0 }) => ({ conv, uid, delivered, read: 0, readN: 0 }));
      },
    };
    this.hub = new Hub({
      timeline: timeline as Timeline,
      sessions: {
        progress: async (updates: { positions: Record<string, number> }[]) => {
          this.progress.push(...updates.map(({ positions }) => positions));
        },
      } as never,
      bus: this.bus,
      groupsOf: async () => {
        this.whileReadingGroups();
        return [...this.groups].map(([gid, since]) => ({ gid, since }));
      },
      clearedOf: async () => [...this.cleared].map(([conv, seq]) => ({ conv, seq })),
      now: () => this.nowMs,
      onError: (error) => {
        if (bus === teller) throw error;
        this.errors.push(error);
      },
    });
    if (bus !== teller) bus.onEvent((event, rewrites, topic) => this.hub.onEvent(event, rewrites, topic));
  }

  #head(conv: string): StoredEvent | undefined {
    return this.events.filter((event) => event.conv === conv).at(-1);
  }

  /** Stores an event; `live` tells the hub of it. */
  add(conv: string, live = true, from = 'alice', ts?: number): StoredEvent {
    const seq = (this.#head(conv)?.seq ?? 0) + 1;
    const raw = Buffer.from(`{"id":"m${seq}","type":"text","body":{"text":"x"}}`);
    const event: StoredEvent = { conv, seq, n: seq, ts: ts ?? seq, from, raw };
    this.events.push(event);
    if (live) this.tell(event);
    return event;
  }

  /** Tells of an event, for the first time or again. */
  tell(event: StoredEvent): void {
    if (this.bus === this.#teller) this.hub.onEvent(event, false);
    else this.#teller.publishEvent(event, false);
  }

  async connect(
    uid: string,
    options: { window?: number; stored?: Partial<StoredSession>; open?: boolean } = {},
  ): Promise<{ link: FakeLink; session: Session }> {
    const link = new FakeLink();
    const user = this.hub.claim(uid);
    await user.loaded;
    const stored =
      options.stored === undefined
        ? undefined
        : {
            uid,
            clientId: 'c',
            createdAt: 0,
            expirySeconds: 60,
            positions: {},
            subscriptions: [],
            silenced: [],
            ...options.stored,
          };
    const session = this.hub.attach({
      clientId: 'c',
      did: 'c',
      user,
      link,
      window: options.window ?? 100,
      maxBacklogBytes: 1000,
      ...(stored === undefined ? {} : { stored }),
      resumed: stored !== undefined,
    });
    if (stored !== undefined) await this.hub.resume(session);
    if (options.open !== false) session.open();
    return { link, session };
  }
}

/** Lets everything that was begun come to rest. */
export const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export { packetIdOf };
