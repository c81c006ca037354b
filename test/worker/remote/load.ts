import assert from 'node:assert/strict';
import { routeOf } from '../../../policy/routes.ts';
import type { PetrelError } from '../../../schemas/errors.ts';
import { parseOutgoing } from '../../../schemas/messages.ts';
import type { Appended } from '../../../store/timeline.ts';
import type { Sends } from '../../../worker/sends.ts';
import type { SenderFixture } from '../fixture.ts';

/** One who writes one message after the other into one conversation, some of them at once. */
export interface Writer {
  readonly from: string;
  readonly to: string;
  readonly sends: Sends;
}

export interface Outcome {
  readonly id: string;
  readonly place?: Appended;
  readonly error?: PetrelError;
}

/** Messages of several writers; `finish` resolves with what became of them. */
export class Load {
  readonly #writers: readonly Writer[];
  readonly #outcomes = new Map<Writer, Outcome[]>();
  readonly #window: number;
  readonly #working: Promise<void>[];
  #isEnding = false;
  acknowledged = 0;

  constructor(writers: readonly Writer[], window = 16) {
    this.#writers = writers;
    this.#window = window;
    this.#working = writers.map((writer) => this.#write(writer));
  }

  async #write(writer: Writer): Promise<void> {
    const outcomes: Outcome[] = [];
    this.#outcomes.set(writer, outcomes);
    const route = routeOf(writer.from, { kind: 'direct', name: writer.to });
    const open = new Set<Promise<void>>();
    for (let number = 0; !this.#isEnding; number++) {
      const id = `${writer.from}-${number}`;
      const outgoing = parseOutgoing(
        Buffer.from(JSON.stringify({ id, type: 'text', body: { text: `${number}` } })),
      );
      const answered = new Promise<void>((resolve) => {
        void writer.sends.take(route, outgoing, {
          stored: (place) => {
            outcomes.push({ id, place });
            this.acknowledged++;
            resolve();
          },
          failed: (error) => {
            outcomes.push({ id, error });
            resolve();
          },
        });
      });
      open.add(answered);
      void answered.then(() => open.delete(answered));
      if (open.size >= this.#window) await Promise.race(open);
    }
    await Promise.all(open);
  }

  /** No more is written; what was is waited for. */
  async finish(): Promise<ReadonlyMap<Writer, readonly Outcome[]>> {
    this.#isEnding = true;
    await Promise.all(this.#working);
    return this.#outcomes;
  }

  /** Everything was acknowledged once, is where it was said to be, once and in the order of writing, and no seq is missing. */
  async finishWell(store: SenderFixture): Promise<void> {
    const outcomes = await this.finish();
    for (const writer of this.#writers) {
      const { conv } = routeOf(writer.from, { kind: 'direct', name: writer.to });
      const own = outcomes.get(writer)!;
      assert.deepEqual(
        own.filter(({ error }) => error !== undefined),
        [],
      );
      assert.equal(new Set(own.map(({ id }) => id)).size, own.length);
      const events = [];
      for (let after = 0; ; after = events.at(-1)!.seq) {
        const page = await store.timeline.range({ conv, after, limit: 1000 });
        events.push(...page);
        if (page.length < 1000) break;
      }
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, i) => i + 1),
      );
      const ids = events
        .filter(({ from }) => from === writer.from)
        .map(({ raw }) => (JSON.parse(Buffer.from(raw).toString()) as { id: string }).id);
      assert.deepEqual(
        ids,
        own.map((_, number) => `${writer.from}-${number}`),
      );
      const places = new Map(own.map(({ id, place }) => [id, place!.seq]));
      for (const event of events.filter(({ from }) => from === writer.from)) {
        const { id } = JSON.parse(Buffer.from(event.raw).toString()) as { id: string };
        assert.equal(places.get(id), event.seq);
      }
    }
  }
}
