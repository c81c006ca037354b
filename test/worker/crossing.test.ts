import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { eventDocument, type StoredEvent } from '../../schemas/event.ts';
import { openMongoTimeline } from '../../store/timeline/mongodb/timeline.ts';
import type { Timeline } from '../../store/timeline.ts';
import { findMongo, type MongoServer, startMongo } from '../servers/mongodb.ts';
import { withReal } from '../servers/not-available.ts';
import { type SenderBeside, type SenderFixture, startSender } from './fixture.ts';
import { Steps } from './steps.ts';

const conv = 'g:birds';
const secret = 'secret';
const timelineCalls = ['range', 'changes', 'heads', 'append'] as const;
const markCalls = ['addMentions', 'setPin', 'removePin', 'removeMarks', 'pins'] as const;

type Change = 'edit' | 'recall' | 'pin' | 'unpin';
const bodyOf = (type: Change, target: number, i: string) =>
  ({
    edit: { type: 'edit', body: { target, body: { text: `${secret} ${i}` } } },
    recall: { type: 'recall', body: { target } },
    pin: { type: 'pin', body: { target, on: true } },
    unpin: { type: 'pin', body: { target, on: false } },
  })[type];

await withReal('mongodb', findMongo, () =>
  describe('changes of one message by two processes', () => {
    let server: MongoServer;
    let fixture: SenderFixture;
    let ways: readonly Timeline[];
    let round = 0;
    before(async () => {
      server = await startMongo();
    });
    after(() => server?.stop());
    beforeEach(async () => {
      const url = server.newDatabase();
      const timeline = await openMongoTimeline({ url });
      fixture = await startSender({ timeline });
      ways = await Promise.all([openMongoTimeline({ url }), openMongoTimeline({ url })]);
    });
    afterEach(async () => {
      await Promise.all((ways ?? []).map((way) => way.close()));
      await fixture?.end();
    });

    /** A message that mentions bob; answers its seq. */
    const say = async (): Promise<number> => {
      const payload = { id: `m-${++round}`, type: 'text', body: { text: secret }, mentions: ['bob'] };
      const { sender } = fixture.beside({ timeline: fixture.timeline });
      return (await sender.send({ conv, from: 'alice', payload })).seq;
    };
    const change = ({ sender }: SenderBeside, type: Change, target: number, i: string): Promise<unknown> =>
      sender
        .send({ conv, from: 'alice', payload: { id: `${round}-${i}`, ...bodyOf(type, target, i) } })
        // Refused: what it is about is recalled.
        .catch((error: { code?: string }) => assert.equal(error.code, 'target.not-found'));

    const assertAgreed = async (target: number, published: readonly StoredEvent[]): Promise<void> => {
      const { timeline, directory } = fixture;
      const stored = await timeline.range({ conv, after: target - 1, limit: 100 });
      const events = stored.map(eventDocument);
      const recalled = events.find(({ type }) => type === 'recall');
      const pins = await directory.pins(conv, Number.MAX_SAFE_INTEGER, 100);
      const isPinned = pins.some(({ seq }) => seq === target);
      const mentioned = (await directory.countMentions('bob', [{ conv, n: events[0]!.n - 1 }]))[0];
      if (recalled === undefined) {
        const newest = events.findLast(({ type }) => type === 'pin') as
          | { body?: { on: boolean } }
          | undefined;
        assert.equal(isPinned, newest?.body?.on === true);
        assert.equal(mentioned, 1);
        return;
      }
      assert.ok(!JSON.stringify(events).includes(secret), JSON.stringify(events));
      assert.deepEqual([isPinned, mentioned], [false, 0]);
      const told = published
        .filter(({ seq }) => seq > recalled.seq)
        .map(({ raw }) => Buffer.from(raw).toString());
      assert.ok(!told.some((raw) => raw.includes(secret)), 'what was said after the recall');
      for (const { seq, raw } of published.filter((event) => event.seq > recalled.seq))
        assert.deepEqual(Buffer.from(raw), Buffer.from(stored.find((event) => event.seq === seq)!.raw));
    };

    it('come to the same in every order of their calls: no body, no mark is left of what was recalled', async () => {
      const changes = fc.array(fc.constantFrom<Change>('edit', 'recall', 'pin', 'unpin'), {
        minLength: 1,
        maxLength: 2,
      });
      const order = fc.array(fc.nat(1), { maxLength: 24 });
      await fc.assert(
        fc.asyncProperty(changes, changes, order, async (first, second, schedule) => {
          const target = await say();
          const published: StoredEvent[] = [];
          const both = [first, second].map((wanted, who) => {
            const steps = new Steps();
            const beside = fixture.beside({
              timeline: steps.over(ways[who]!, timelineCalls),
              marks: steps.over(fixture.directory, markCalls),
            });
            beside.commit.onEvent((event) => published.push(event));
            steps.begin(async () => {
              for (const [i, type] of wanted.entries()) await change(beside, type, target, `${who}-${i}`);
            });
            return steps;
          });
          for (const who of schedule) await both[who]!.next();
          for (const steps of both) while (await steps.next()) {}
          await assertAgreed(target, published);
        }),
        { numRuns: 25 },
      );
    });

    it('race: nothing of what was recalled is left, and senders hear what is stored', async () => {
      for (let i = 0; i < 5; i++) {
        const target = await say();
        const published: StoredEvent[] = [];
        const [a, b] = ways.map((timeline) => {
          const beside = fixture.beside({ timeline });
          beside.commit.onEvent((event) => published.push(event));
          return beside;
        }) as [SenderBeside, SenderBeside];
        await Promise.all([
          ...['1', '2', '3'].map((id) => change(a, 'edit', target, id)),
          change(a, 'pin', target, 'p'),
          change(b, i % 2 === 0 ? 'edit' : 'unpin', target, '4'),
          change(b, 'recall', target, 'x'),
          change(b, 'edit', target, '5'),
        ]);
        await assertAgreed(target, published);
      }
    });

    it('race also where they come in one batch', async () => {
      const [timeline] = ways as [Timeline];
      for (let i = 0; i < 3; i++) {
        const target = await say();
        const published: StoredEvent[] = [];
        const [a, b] = [0, 1].map(() => {
          const beside = fixture.beside({ timeline });
          beside.commit.onEvent((event) => published.push(event));
          return beside;
        }) as [SenderBeside, SenderBeside];
        await Promise.all([
          change(a, 'edit', target, '1'),
          change(b, 'recall', target, 'x'),
          change(a, 'edit', target, '2'),
        ]);
        await assertAgreed(target, published);
      }
    });
  }),
);
