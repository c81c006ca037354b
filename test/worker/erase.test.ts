import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoredEvent } from '../../schemas/event.ts';
import type { Trace } from '../../store/directory.ts';
import type { Submission } from '../../store/timeline.ts';
import { type EraseOptions, erase } from '../../worker/erase.ts';

const conv = 'u:alice:bob';
const removal = { uid: 'alice', id: 'r1' };
const crash = new Error('the process ended');

interface Document {
  readonly id: string;
  readonly type: string;
  readonly body?: { readonly text?: string; readonly target?: number; readonly uid?: string };
  readonly recalled?: boolean;
}

const documentOf = ({ raw }: StoredEvent): Document => JSON.parse(Buffer.from(raw).toString()) as Document;

/** A conversation and its trace, as the stores keep them, with a process that ends at a step. */
class Stores {
  readonly events: StoredEvent[] = [];
  readonly marked = new Set<number>();
  trace: Trace = { conv, seq: 0, told: false };
  /** Steps until the process ends; and whether it ends before or after the step is durable. */
  steps = Number.POSITIVE_INFINITY;
  durable = false;
  reads = 0;
  /** Called before each submission: others write too. */
  meanwhile: () => void = () => {};

  add(from: string, document: object): number {
    const seq = this.events.length + 1;
    this.events.push({
      conv,
      seq,
      n: 0,
      ts: seq,
      from,
      raw: Buffer.from(JSON.stringify({ id: `m${seq}`, ...document })),
    });
    return seq;
  }

  #step(write: () => void): void {
    const goesOn = this.steps-- > 0;
    if (goesOn || this.durable) write();
    if (!goesOn) throw crash;
  }

  readonly options: EraseOptions = {
    timeline: {
      range: async ({ after, limit }) => {
        this.reads++;
        return this.events.slice(after, after + limit);
      },
    },
    directory: {
      pins: async () => [...this.marked].map((seq) => ({ conv, seq, change: seq, by: 'bob', at: 1 })),
      readMentions: async () => {},
      removeMarks: async (_, seq) => this.#step(() => this.marked.delete(seq)),
      putTrace: async (_, trace) => this.#step(() => Object.assign(this, { trace })),
    },
    committer: {
      submit: async ({ from, id, raw, replaces = [] }: Submission) => {
        this.meanwhile();
        const known = this.events.find((one) => one.from === from && documentOf(one).id === id);
        let seq = known?.seq ?? 0;
        this.#step(() => {
          if (known !== undefined) return;
          seq = this.events.length + 1;
          this.events.push({ conv, seq, n: 0, ts: seq, from, raw });
          for (const replaced of replaces)
            this.events[replaced.seq - 1] = { ...this.events[replaced.seq - 1]!, raw: replaced.raw };
        });
        return { seq, n: 0, ts: seq, repeat: known !== undefined };
      },
    },
  };

  /** Erases as far as it gets. */
  async run(): Promise<boolean> {
    try {
      await erase(this.options, removal, this.trace);
      return true;
    } catch (error) {
      if (error !== crash) throw error;
      return false;
    }
  }

  get told(): Document[] {
    return this.events
      .filter(({ from }) => from === 'system')
      .map(documentOf)
      .filter(({ body }) => body?.uid === 'alice');
  }

  /** What of the removed user's is still there. */
  get left(): string[] {
    return this.events
      .filter(({ from, raw }) => from === 'alice' && Buffer.from(raw).includes('secret'))
      .map(({ seq }) => String(seq));
  }
}

const write = (stores: Stores, kind: string): void => {
  const last = stores.events.length;
  if (kind === 'own') stores.add('alice', { type: 'text', body: { text: 'secret' } });
  else if (kind === 'other') stores.add('bob', { type: 'text', body: { text: 'kept' } });
  else if (kind === 'edit')
    stores.add('alice', { type: 'edit', body: { target: last, body: { text: 'secret' } } });
  else if (kind === 'react')
    stores.add('alice', { type: 'react', body: { target: last, emoji: '👍', on: true } });
  else if (kind === 'pinned')
    stores.marked.add(stores.add('alice', { type: 'text', body: { text: 'secret' } }));
  else stores.add('alice', { type: 'member', body: { action: 'left', uids: ['alice'] } });
};
const kinds = fc.constantFrom('own', 'other', 'edit', 'react', 'pinned', 'member');

describe('the erasure of what a removed user said', () => {
  it('leaves nothing of it and all else, told once or more, wherever the process ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(kinds, { maxLength: 700, size: 'max' }),
        fc.array(fc.record({ steps: fc.nat(6), durable: fc.boolean() }), { maxLength: 5 }),
        fc.array(kinds, { maxLength: 5 }),
        async (before, crashes, between) => {
          const stores = new Stores();
          for (const kind of before) write(stores, kind);
          const late = [...between];
          stores.meanwhile = () => {
            const kind = late.pop();
            if (kind !== undefined) write(stores, kind);
          };
          for (const { steps, durable } of crashes) {
            Object.assign(stores, { steps, durable });
            if (await stores.run()) break;
          }
          stores.steps = Number.POSITIVE_INFINITY;
          const kept = stores.events.filter(({ from }) => from === 'bob').map(documentOf);
          while (!(await stores.run()) || stores.trace.seq < stores.events.length);
          assert.deepEqual(stores.left, []);
          assert.equal(stores.marked.size, 0);
          assert.ok(stores.told.length >= 1);
          assert.equal(new Set(stores.told.map(({ id }) => id)).size, stores.told.length);
          for (const { body } of kept) assert.equal(body?.text, 'kept');
          const own = stores.events.filter(({ from }) => from === 'alice').map(documentOf);
          for (const { type, body, recalled } of own) {
            if (type === 'text') assert.deepEqual([recalled, body], [true, undefined]);
            else if (type === 'edit')
              assert.deepEqual([recalled, Object.keys(body ?? {})], [true, ['target']]);
            else assert.ok(body !== undefined && recalled === undefined);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tells a conversation in which the user said nothing, once', async () => {
    const stores = new Stores();
    stores.add('bob', { type: 'text', body: { text: 'kept' } });
    for (let i = 0; i < 3; i++) assert.equal(await stores.run(), true);
    assert.equal(stores.told.length, 1);
    assert.deepEqual(stores.told[0]!.body, { action: 'user-removed', uid: 'alice' });
  });

  it('ends after a page where it is told to, and goes on when it is called again', async () => {
    const stores = new Stores();
    for (let i = 0; i < 900; i++) write(stores, 'own');
    const closing = new AbortController();
    stores.meanwhile = () => closing.abort();
    await erase({ ...stores.options, signal: closing.signal }, removal, stores.trace);
    assert.equal(stores.left.length, 700);
    assert.equal(await stores.run(), true);
    assert.deepEqual(stores.left, []);
  });

  it('does not begin again where it was', async () => {
    const stores = new Stores();
    for (let i = 0; i < 5500; i++) write(stores, 'other');
    stores.steps = 1;
    assert.equal(await stores.run(), false);
    assert.equal(stores.trace.seq, 5000);
    stores.steps = Number.POSITIVE_INFINITY;
    stores.reads = 0;
    assert.equal(await stores.run(), true);
    assert.ok(stores.reads <= 6, `${stores.reads} reads`);
    assert.equal(stores.told.length, 1);
  });
});
