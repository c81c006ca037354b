import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasText, type Person } from './person.ts';
import { onStage } from './stage.ts';

type Role = Parameters<Person['page']['getByRole']>[0];

/** Each of these is found once by its role and name, also by who looks for a part of a name. */
async function assertNamed(person: Person, names: readonly (readonly [Role, string])[]): Promise<void> {
  for (const [role, name] of names) {
    const found = await person.page.getByRole(role, { name }).all();
    const visible = await Promise.all(found.map((one) => one.isVisible()));
    assert.equal(visible.filter(Boolean).length, 1, `${role} “${name}”`);
  }
}

const side = [
  ['textbox', 'Search'],
  ['button', 'New chat'],
  ['button', 'New group'],
  ['button', 'Sign out'],
  ['list', 'Conversations'],
] as const;

await onStage((stage) =>
  describe('roles and names that others rely on', () => {
    it('are each there once on every screen', async () => {
      const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
      await assertNamed(alice, [
        ['textbox', 'User name'],
        ['textbox', 'Password'],
        ['button', 'Create account'],
        ['button', 'Sign in'],
      ]);
      await Promise.all([alice.signUp(), bob.signUp()]);
      await assertNamed(alice, side);
      await alice.button('New chat').click();
      await alice.textBox('User name').waitFor();
      await assertNamed(alice, [...side, ['textbox', 'User name']]);
      await alice.textBox('User name').fill(bob.uid);
      await alice.textBox('User name').press('Enter');
      await alice.isAt(bob.uid);
      await alice.say('hello');
      await alice.sees('hello');
      await assertNamed(alice, [...side, ['textbox', 'Message'], ['button', 'Send'], ['log', 'Messages']]);
    });

    it('tell of a message who said it, what, and how far it has come', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      await alice.say('how are you');
      await bob.openChat(alice.uid);
      await bob.say('well');
      await alice.seesState('how are you', 'Read');
      // By its name and by its text alike.
      await alice.log.getByRole('article', { name: new RegExp(`${bob.uid}.*well`) }).waitFor();
      await alice.log.getByRole('article', { name: /how are you.*Read|Read.*how are you/ }).waitFor();
      assert.match((await alice.message('how are you').textContent()) ?? '', /Read/);
      assert.match((await alice.message('well').textContent()) ?? '', new RegExp(bob.uid));
      await hasText(alice.message('how are you'), alice.uid);
    });
  }),
);
