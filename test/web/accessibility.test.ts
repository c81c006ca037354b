import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { seriousFaults, withAxe } from './axe.ts';
import { type Person, patienceMs } from './person.ts';
import { onStage } from './stage.ts';

/** What is on the way from the start page to everything else, and how one gets there. */
const screens: readonly (readonly [name: string, go: (alice: Person, bob: Person) => Promise<unknown>])[] = [
  ['the empty list', (alice) => alice.isIn()],
  ['new chat', (alice) => alice.button('New chat').click()],
  [
    'a conversation',
    async (alice, bob) => {
      await alice.textBox('User name').fill(bob.uid);
      await alice.textBox('User name').press('Enter');
      await alice.isAt(bob.uid);
      for (const text of [
        'hello',
        'https://example.com/',
        'a longer one, so that the line has to break '.repeat(4),
      ])
        await alice.say(text);
      await bob.openChat(alice.uid);
      await bob.say('hello yourself');
      await alice.sees('hello yourself');
    },
  ],
  [
    'details of a person',
    (alice) => alice.page.getByRole('heading', { level: 1 }).getByRole('button').click(),
  ],
  ['contacts', (alice) => alice.page.goto(`${alice.home.url}/#/people`)],
  [
    'new group',
    async (alice) => {
      await alice.button('New group').click();
      await alice.textBox('Group name').fill('Petrels');
    },
  ],
  [
    'details of a group',
    async (alice) => {
      await alice.button('Create').click();
      await alice.textBox('Message').waitFor();
      await alice.page.getByRole('heading', { level: 1 }).getByRole('button').click();
      await alice.page.getByText('Group details').first().waitFor();
    },
  ],
  ['settings', (alice) => alice.page.goto(`${alice.home.url}/#/settings`)],
  [
    'devices',
    async (alice) => {
      await alice.page.goto(`${alice.home.url}/#/settings/devices`);
      await alice.page.getByText('This device').first().waitFor();
    },
  ],
];

await onStage((stage) => {
  for (const colorScheme of ['light', 'dark'] as const)
    describe(`axe-core, in the ${colorScheme}`, () => {
      it('finds nothing serious on any screen', async () => {
        const alice = await stage.person('alice', { colorScheme });
        const bob = await stage.person('bob');
        await bob.signUp();
        await withAxe(alice.page);
        await alice.page.reload();
        await alice.isOut();
        const found: Record<string, readonly string[]> = {};
        const look = async (name: string) => {
          // By the debugger: the policy of the page forbids what waitForFunction does.
          const isStill = () => alice.page.evaluate('document.getAnimations().length === 0');
          await until('a page that stands still', isStill, patienceMs);
          const faults = await seriousFaults(alice.page);
          if (faults.length > 0) found[name] = faults;
        };
        await look('the start page');
        await alice.signUp();
        for (const [name, go] of screens) {
          await go(alice, bob);
          await look(name);
        }
        assert.deepEqual(found, {});
      });
    });
});
