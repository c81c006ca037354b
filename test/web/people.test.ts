import { describe, it } from 'node:test';
import { hasText, type Person } from './person.ts';
import { onStage } from './stage.ts';

const openPerson = (person: Person, uid: string) => person.page.goto(`${person.home.url}/#/u/${uid}`);

await onStage((stage) =>
  describe('people', () => {
    it('ask each other to be friends, and are', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await openPerson(alice, bob.uid);
      await alice.button(`Add friend: ${bob.uid}`).click();
      await alice.dialog.getByRole('textbox', { name: 'Note', exact: true }).fill('it is me');
      await alice.dialog.getByRole('button', { name: 'Send request', exact: true }).click();
      await bob.page.goto(`${bob.home.url}/#/people/requests`);
      await bob.page.getByText('it is me').first().waitFor();
      await bob.button(`Accept the request of ${alice.uid}`).click();
      await alice.page
        .getByText(/Friends since/)
        .first()
        .waitFor();
      await alice.page.goto(`${alice.home.url}/#/people`);
      const friends = alice.page.getByRole('list', { name: 'Friends', exact: true });
      await friends.getByRole('link', { name: bob.uid, exact: true }).waitFor();
    });

    it('decline a request', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await openPerson(alice, bob.uid);
      await alice.button(`Add friend: ${bob.uid}`).click();
      await alice.dialog.getByRole('button', { name: 'Send request', exact: true }).click();
      await bob.page.goto(`${bob.home.url}/#/people/requests`);
      await bob.button(`Decline the request of ${alice.uid}`).click();
      await bob.button(`Decline the request of ${alice.uid}`).waitFor({ state: 'hidden' });
      await alice.button(`Add friend: ${bob.uid}`).waitFor();
    });

    it('block each other: nothing can be written until it is taken back', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      await alice.say('before');
      await bob.enter(alice.uid);
      await bob.sees('before');
      await openPerson(alice, bob.uid);
      await alice.button('Block').click();
      await alice.dialog.getByRole('button', { name: 'Block', exact: true }).click();
      await alice.button('Unblock').first().waitFor();
      await bob.say('can you hear me');
      await bob.seesState('can you hear me', 'Failed');
      await alice.button('Unblock').first().click();
      await alice.button('Block').waitFor();
      await bob.message('can you hear me').getByRole('button', { name: 'Retry', exact: true }).click();
      await bob.seesState('can you hear me', 'Sent', 'Delivered', 'Read');
      await hasText(alice.entry(bob.uid), 'can you hear me');
    });

    it('are found by the beginning of their names', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await stage.petrel.known(bob.uid).api.patch('/me', { name: 'Robert Heron' });
      await alice.page.goto(`${alice.home.url}/#/people`);
      await alice.textBox('Find people').fill('robert h');
      await alice.page.getByText('Robert Heron').first().waitFor();
    });
  }),
);
