import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { onStage } from './stage.ts';

/** What Chromium itself says of a request that was refused. */
const refused = /status of 4\d\d/;

await onStage((stage) =>
  describe('the start page', () => {
    it('creates an account, signs it in again, and keeps it signed in over a reload', async () => {
      const alice = await stage.person('alice');
      await alice.signUp();
      await alice.page.reload();
      await alice.isIn();
      await alice.signOut();
      await alice.page.reload();
      await alice.isOut();
      await alice.signIn();
    });

    it('says that a password is wrong, and lets try again', async () => {
      stage.tolerate(refused);
      const alice = await stage.person('alice');
      await alice.signUp();
      await alice.signOut();
      await alice.trySignIn('not the password');
      await alice.page.getByRole('alert').first().waitFor();
      await alice.isOut();
      await alice.signIn();
    });

    it('says that a user name is taken', async () => {
      stage.tolerate(refused);
      const alice = await stage.person('alice');
      await alice.signUp();
      const other = await stage.person('other');
      await other.textBox('User name').fill(alice.uid);
      await other.textBox('Password').fill('another password');
      await other.button('Create account').click();
      await other.page.getByRole('alert').first().waitFor();
      await other.isOut();
    });

    it('keeps what two users of one browser have apart', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      await alice.say('for bob alone');
      await alice.seesState('for bob alone', 'Sent', 'Delivered', 'Read');
      await alice.signOut();
      await alice.textBox('User name').fill(`${alice.uid}-second`);
      await alice.textBox('Password').fill('another password');
      await alice.button('Create account').click();
      await alice.isIn();
      assert.equal(await alice.page.getByText('for bob alone').count(), 0);
    });
  }),
);
