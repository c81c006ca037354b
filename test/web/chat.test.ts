import { describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { hasText, patienceMs } from './person.ts';
import { onStage } from './stage.ts';

await onStage((stage) =>
  describe('a conversation of two', () => {
    it('goes both ways, each message from sent to delivered to read', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      await alice.say('hello bob');
      await alice.seesState('hello bob', 'Sent', 'Delivered');
      // Bob's browser has it, and he is not looking.
      await hasText(bob.entry(alice.uid), 'hello bob');
      await alice.seesState('hello bob', 'Delivered');
      await bob.enter(alice.uid);
      await bob.sees('hello bob', alice.uid);
      await alice.seesState('hello bob', 'Read');
      await bob.say('hello alice');
      await alice.sees('hello alice', bob.uid);
      await bob.seesState('hello alice', 'Read');
    });

    it('is sent by the button too, and keeps line breaks', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      const box = alice.textBox('Message');
      await box.fill('first line');
      await box.press('Shift+Enter');
      await box.pressSequentially('second line');
      await alice.button('Send').click();
      await bob.enter(alice.uid);
      await hasText(bob.message('first line'), 'second line');
    });

    it('shows who types, and who is there', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      await alice.say('are you there?');
      await bob.enter(alice.uid);
      await alice.page.getByText('Online', { exact: true }).first().waitFor();
      await bob.textBox('Message').pressSequentially('yes, but');
      await alice.page.getByText('typing…').first().waitFor();
      await bob.textBox('Message').press('Enter');
      await alice.sees('yes, but');
      await alice.page.getByText('typing…').first().waitFor({ state: 'hidden' });
      await bob.context.close();
      await alice.page
        .getByText(/^(Offline|Last seen)/)
        .first()
        .waitFor();
    });

    it('has answers, reactions, edits, recalls and pins', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      for (const text of ['what shall we eat', 'a typing eror', 'to be taken back', 'keep this'])
        await alice.say(text);
      await bob.enter(alice.uid);

      await bob.act('what shall we eat', 'Reply');
      await bob.say('soup, I think');
      const answer = alice.message('soup, I think');
      await hasText(answer, 'what shall we eat');

      await bob.act('keep this', 'React');
      await bob.button('React with 👍').first().click();
      await hasText(alice.message('keep this'), /👍/);
      await hasText(alice.message('keep this'), new RegExp(`👍.*${bob.uid}`));
      await alice.message('keep this').getByRole('button', { name: /👍/ }).first().click();
      await hasText(bob.message('keep this'), /👍 2/);

      await alice.act('a typing eror', 'Edit');
      await alice.textBox('Message').fill('a typing error');
      await alice.textBox('Message').press('Enter');
      await hasText(await bob.sees('a typing error'), 'edited');
      await bob.message('a typing eror').waitFor({ state: 'hidden' });

      await alice.act('to be taken back', 'Recall');
      await alice.dialog.getByRole('button', { name: 'Recall', exact: true }).click();
      await bob.message('to be taken back').waitFor({ state: 'hidden' });
      await alice.message('to be taken back').waitFor({ state: 'hidden' });
      await bob.sees('This message was recalled');

      await bob.act('keep this', 'Pin message');
      await alice.page.getByText('Pinned message').first().waitFor();
      // All of it is the same for who comes later.
      await alice.page.reload();
      await hasText(alice.message('keep this'), /👍/);
      await hasText(await alice.sees('a typing error'), 'edited');
      await hasText(alice.message('soup, I think'), 'what shall we eat');
    });

    it('keeps a draft, also over a reload', async () => {
      const [alice, bob, carol] = await stage.people('alice', 'bob', 'carol');
      await alice.openChat(bob.uid);
      await alice.say('to bob');
      await alice.textBox('Message').fill('not finished yet');
      await alice.openChat(carol.uid);
      await hasText(alice.entry(bob.uid), 'not finished yet');
      await alice.enter(bob.uid);
      await alice.page.reload();
      await alice.textBox('Message').waitFor();
      await until(
        'the draft',
        async () => (await alice.textBox('Message').inputValue()) === 'not finished yet',
        patienceMs,
      );
    });
  }),
);
