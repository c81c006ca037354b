import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Message } from '../../../sdk/types.ts';
import { settled, World } from './world.ts';

const convs = ['g:birds', 'u:alice:bob'];
const people = ['alice', 'bob', 'carol'];
const emoji = ['👍', '🎉', 'constructor', '__proto__'];

/** What both sides say of a message. */
const shown = (message: object): object => {
  const { conv, seq, ts, from, id, type, body, edited, recalled, pinned, reactions, reactionCounts } =
    message as Message;
  return { conv, seq, ts, from, id, type, body, edited, recalled, pinned, reactions, reactionCounts };
};

const pick = fc.nat({ max: 1000 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('say' as const), conv: pick, from: pick }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constantFrom('edit' as const, 'recall' as const, 'react' as const, 'pin' as const),
      conv: pick,
      from: pick,
      target: pick,
      on: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('erase' as const), conv: pick, from: pick }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('bring' as const, 'settle' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constantFrom(
        ...(['lose', 'again', 'cut', 'connect', 'restart', 'fail', 'notify'] as const),
        ...(['open', 'close', 'older'] as const),
      ),
      conv: pick,
      target: pick,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly world = new World({ maxGap: 12 });
  readonly #closers = new Map<string, () => void>();

  async do(one: Step): Promise<void> {
    const { world } = this;
    const conv = convs['conv' in one ? one.conv % convs.length : 0]!;
    const events = world.server.of(conv);
    const any = 'target' in one ? events[one.target % Math.max(1, events.length)] : undefined;
    const from = 'from' in one ? people[one.from % people.length]! : '';
    switch (one.does) {
      case 'say':
        world.text(conv, from, `text ${events.length}`);
        break;
      case 'erase':
        if (from !== 'alice') world.say(conv, 'system', 'system', { action: 'user-removed', uid: from });
        break;
      case 'bring':
        await world.bringAll();
        break;
      case 'settle':
        await settled();
        break;
      case 'lose':
        world.underway.shift();
        break;
      case 'again':
        if (any !== undefined && world.transport.state.value === 'online') void world.bring(any);
        break;
      case 'cut':
        await world.cut();
        break;
      case 'connect':
        await world.cut();
        world.transport.connect();
        break;
      case 'restart':
        this.#closers.clear();
        await world.restart();
        break;
      case 'fail':
        world.server.failures++;
        break;
      case 'notify':
        if (any !== undefined) world.notify({ type: 'gap', conv, from: 1, to: any.seq });
        break;
      case 'open':
        if (!this.#closers.has(conv)) this.#closers.set(conv, world.model.conversation(conv).open());
        break;
      case 'close':
        this.#closers.get(conv)?.();
        this.#closers.delete(conv);
        break;
      case 'older':
        await world.model
          .conversation(conv)
          .loadOlder(4)
          .catch(() => {});
        break;
      default:
        if (any?.type === 'text' && any.recalled !== true)
          world.say(conv, from, one.does, changeOf(one, any.seq));
    }
  }

  /** The network is well again, and all has come. */
  async end(): Promise<void> {
    this.world.server.failures = 0;
    await this.world.cut();
    await this.world.connect();
  }
}

function changeOf({ does, target, on }: Extract<Step, { on: boolean }>, seq: number) {
  if (does === 'recall') return { target: seq };
  if (does === 'edit') return { target: seq, body: { text: `edited ${target}` } };
  return does === 'pin' ? { target: seq, on } : { target: seq, on, emoji: emoji[target % emoji.length]! };
}

describe('what a client shows', () => {
  it('is what the server shows, however events, pages, gaps, repeats and restarts came', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const run = new Run();
        await run.world.start();
        try {
          for (const one of steps) await run.do(one);
          await run.end();
          for (const conv of convs) {
            const truth = run.world.server.truth(conv);
            assert.deepEqual((await run.world.allOf(conv)).map(shown), truth.map(shown));
            const { last } = run.world.model.conversation(conv).entry.value ?? {};
            assert.deepEqual(last && shown(last), truth.length === 0 ? undefined : shown(truth.at(-1)!));
          }
        } finally {
          await run.world.model.close();
        }
      }),
      { numRuns: 200, includeErrorInReport: true },
    );
  });
});
