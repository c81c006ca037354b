import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { hasText, type Person, patienceMs } from './person.ts';
import { onStage } from './stage.ts';

/** What Chromium says when somebody asks for a group of others. */
const notThere = /status of 404/;

/** Makes a group with these members by the page. */
async function makeGroup(owner: Person, name: string, members: readonly Person[]): Promise<void> {
  await owner.button('New group').click();
  await owner.textBox('Group name').fill(name);
  for (const { uid } of members) {
    await owner.textBox('Find people to add').fill(uid);
    await owner.page
      .getByRole('checkbox', { name: new RegExp(uid) })
      .or(owner.button(new RegExp(`^(?!Take).*${uid}`)))
      .first()
      .click();
  }
  await owner.button('Create').click();
  await owner.textBox('Message').waitFor();
}

async function openDetails(person: Person): Promise<void> {
  await person.page.getByRole('heading', { level: 1 }).getByRole('button').click();
  await person.page.getByText('Group details').first().waitFor();
}

await onStage((stage) =>
  describe('groups', () => {
    it('are made with members, who talk, mention each other and see who has read', async () => {
      const [alice, bob, carol] = await stage.people('alice', 'bob', 'carol');
      await makeGroup(alice, 'Seabirds', [bob, carol]);
      await alice.say('welcome all');
      await bob.enter('Seabirds');
      await bob.sees('welcome all', alice.uid);
      await alice.seesState('welcome all', 'Read');
      const box = bob.textBox('Message');
      await box.pressSequentially(`hey @${carol.uid.slice(0, 5)}`);
      await bob.page
        .getByRole('option', { name: new RegExp(carol.uid) })
        .first()
        .click();
      await box.press('Enter');
      await hasText(carol.entry('Seabirds'), `@${carol.uid}`);
      await carol.enter('Seabirds');
      await carol.sees(`@${carol.uid}`, bob.uid);
    });

    it('are managed: renamed, admins made, members removed', async () => {
      const [alice, bob, carol] = await stage.people('alice', 'bob', 'carol');
      await makeGroup(alice, 'Waders', [bob, carol]);
      await bob.enter('Waders');
      await openDetails(alice);
      await alice.button('Edit group').click();
      await alice.dialog.getByRole('textbox', { name: 'Group name', exact: true }).fill('Gulls');
      await alice.dialog.getByRole('button', { name: 'Save', exact: true }).click();
      await hasText(carol.list, 'Gulls');
      await alice.button(`Actions for ${bob.uid}`).click();
      await alice.menuItem('Make admin').click();
      await bob.page
        .getByText(/made .* admin/)
        .first()
        .waitFor();
      await alice.button(`Actions for ${carol.uid}`).click();
      await alice.menuItem('Remove from the group').click();
      await alice.dialog.getByRole('button', { name: 'Remove', exact: true }).click();
      await carol.entry('Gulls').waitFor({ state: 'hidden' });
    });

    it('are joined by a link, also by somebody who registers through it', async () => {
      stage.tolerate(notThere);
      const [alice, bob] = await stage.people('alice', 'bob');
      await makeGroup(alice, 'Terns', []);
      await alice.say('before you came');
      await openDetails(alice);
      await alice.button('Make a link').click();
      await alice.dialog.getByRole('button', { name: 'Make link', exact: true }).click();
      const link = await until(
        'the link',
        async () => {
          for (const box of await alice.dialog.getByRole('textbox').all()) {
            const value = await box.inputValue();
            if (value.includes('/#/invite/')) return value;
          }
          return undefined;
        },
        patienceMs,
      );
      const route = new URL(link).hash;
      assert.equal(new URL(link).origin, new URL(stage.petrel.url('http')).origin);

      await bob.page.goto(link);
      await bob.button('Join').click();
      await bob.button('Open conversation').or(bob.textBox('Message')).first().waitFor();
      const dave = await stage.person('dave');
      await dave.page.goto(link);
      await dave.page.reload();
      await dave.textBox('User name').fill(dave.uid);
      await dave.textBox('Password').fill('a long enough word');
      await dave.button('Create account').click();
      await dave.button('Join').click();
      await hasText(dave.list, 'Terns');
      assert.ok(route.startsWith('#/invite/'));
      await alice.dialog.press('Escape');
      await alice.say('hello new ones');
      await hasText(dave.list, 'hello new ones');
      await hasText(bob.list, 'hello new ones');
    });

    it('are left, and are gone from the list then', async () => {
      stage.tolerate(notThere);
      const [alice, bob] = await stage.people('alice', 'bob');
      await makeGroup(alice, 'Skuas', [bob]);
      await bob.enter('Skuas');
      await openDetails(bob);
      await bob.button('Leave group').click();
      await bob.dialog.getByRole('button', { name: 'Leave', exact: true }).click();
      await bob.entry('Skuas').waitFor({ state: 'hidden' });
      await alice.page.getByText(/left/).first().waitFor();
    });
  }),
);
