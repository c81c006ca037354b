import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { type Person, patienceMs } from './person.ts';
import { seed } from './server-side.ts';
import { onStage } from './stage.ts';

const count = 2500;
const line = /\bline \d+(?=\.)/;

/** The numbers of the messages on the screen, from top to bottom. */
const numbers = async (person: Person): Promise<number[]> =>
  (await person.texts(line)).map((text) => Number(text.split(' ')[1]));

await onStage((stage) =>
  describe('a long history', () => {
    it('is scrolled back to its first message, without a hole, with few messages in the page at a time', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await seed(stage.petrel, bob.uid, alice.uid, count, (i) => `line ${i}.`);
      await alice.enter(bob.uid);
      // They come live, each is stored before it is acknowledged: where two files run at once that takes a while.
      await until('all of them', async () => (await numbers(alice)).at(-1) === count, 120_000);
      await alice.log.hover();
      const seen = new Set<number>();
      const isWhole = (shown: readonly number[]) =>
        shown.length > 0 && shown.every((number, i) => i === 0 || number === shown[i - 1]! + 1);
      await until(
        'the first message',
        async () => {
          // What is new is measured before it is shown: for a frame a part may be missing.
          const shown = await until('messages without a hole', async () => {
            const now = await numbers(alice);
            return isWhole(now) ? now : undefined;
          });
          for (const number of shown) seen.add(number);
          await alice.page.mouse.wheel(0, -400);
          return seen.has(1);
        },
        120_000,
      );
      assert.equal(seen.size, count);
      assert.ok((await alice.log.getByRole('article').count()) < 200);
      await bob.openChat(alice.uid);
      await bob.say('and one more');
      await alice.button(/new message|newest messages/).click();
      await alice.sees('and one more');
      await until('the newest', async () => (await numbers(alice)).at(-1) === count, patienceMs);
    });
  }),
);
