import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { hasText, type Person, patienceMs } from './person.ts';
import { onStage } from './stage.ts';

/** Waits until the conversations are listed in this order. */
const inOrder = (person: Person, uids: readonly string[]) =>
  until(
    `the order ${uids}`,
    async () => {
      const entries = await person.list.getByRole('listitem').allInnerTexts();
      const shown = entries.map((text) => uids.find((uid) => text.includes(uid)));
      return shown.join() === uids.join();
    },
    patienceMs,
  );

await onStage((stage) =>
  describe('the list of conversations', () => {
    it('shows the last message and counts those that are unread, until they are read', async () => {
      const [alice, bob, carol] = await stage.people('alice', 'bob', 'carol');
      await bob.openChat(alice.uid);
      await bob.say('one');
      await hasText(alice.entry(bob.uid), 'one');
      await bob.say('two');
      await bob.say('three');
      await hasText(alice.entry(bob.uid), 'three');
      await hasText(alice.entry(bob.uid), '3 unread messages');
      await carol.openChat(alice.uid);
      await carol.say('and me');
      await inOrder(alice, [carol.uid, bob.uid]);
      await alice.enter(bob.uid);
      await alice.sees('three');
      await until(
        'no unread messages',
        async () => !(await alice.entry(bob.uid).ariaSnapshot()).includes('unread'),
        patienceMs,
      );
      await hasText(alice.entry(carol.uid), '1 unread message');
      await alice.page.reload();
      await hasText(alice.entry(carol.uid), '1 unread message');
      assert.doesNotMatch(await alice.entry(bob.uid).ariaSnapshot(), /unread/);
    });

    it('has pinned ones at the top', async () => {
      const [alice, bob, carol] = await stage.people('alice', 'bob', 'carol');
      await alice.openChat(bob.uid);
      await alice.say('to bob');
      await alice.openChat(carol.uid);
      await alice.say('to carol');
      await inOrder(alice, [carol.uid, bob.uid]);
      await alice.enter(bob.uid);
      await alice.isAt(bob.uid);
      await alice.button('Conversation menu').click();
      await alice.menuItem('Pin to the top').click();
      await inOrder(alice, [bob.uid, carol.uid]);
      await alice.page.reload();
      await inOrder(alice, [bob.uid, carol.uid]);
    });

    it('is searched, and people with it; the first is opened by Enter', async () => {
      const [alice, bob, carol] = await stage.people('alice', 'bob', 'carol');
      await alice.openChat(bob.uid);
      await alice.say('to bob');
      await alice.openChat(carol.uid);
      await alice.say('to carol');
      await alice.textBox('Search').fill(bob.uid);
      await alice.entry(carol.uid).waitFor({ state: 'hidden' });
      await alice.textBox('Search').press('Enter');
      await alice.isAt(bob.uid);
      await alice.sees('to bob');
    });

    it('finds people with whom nobody has talked yet', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.textBox('Search').fill(bob.uid);
      await alice.page
        .getByRole('button', { name: new RegExp(bob.uid) })
        .first()
        .waitFor();
      await alice.textBox('Search').press('Enter');
      await alice.isAt(bob.uid);
      await alice.say('found you');
      await hasText(bob.entry(alice.uid), 'found you');
    });

    it('lets a conversation be removed, and shows it again with the next message', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      await alice.say('forget this');
      await alice.seesState('forget this', 'Delivered', 'Sent');
      await alice.button('Conversation menu').click();
      await alice.menuItem('Remove conversation').click();
      await alice.dialog.getByRole('button', { name: 'Remove', exact: true }).click();
      await alice.entry(bob.uid).waitFor({ state: 'hidden' });
      await bob.enter(alice.uid);
      await bob.say('still here');
      await alice.enter(bob.uid);
      await alice.sees('still here');
      assert.equal(await alice.message('forget this').count(), 0);
    });
  }),
);
