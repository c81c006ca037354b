import { describe, it } from 'node:test';
import { hasText, password } from './person.ts';
import { onStage } from './stage.ts';

await onStage((stage) =>
  describe('the devices page', () => {
    it('signs the other browser out', async () => {
      stage.tolerate(/status of 401/, /WebSocket connection to/);
      const alice = await stage.person('alice');
      await alice.signUp();
      const phone = await stage.person('phone');
      await phone.textBox('User name').fill(alice.uid);
      await phone.textBox('Password').fill(password);
      await phone.button('Sign in').click();
      await phone.isIn();
      await alice.page.goto(`${alice.home.url}/#/settings/devices`);
      const devices = alice.page.getByRole('list', { name: 'Your devices' }).getByRole('listitem');
      await devices.nth(1).waitFor();
      await hasText(devices.filter({ hasText: 'This device' }), 'This device');
      await alice
        .button(/^Sign out ./)
        .first()
        .click();
      await alice.dialog.getByRole('button', { name: 'Sign out device', exact: true }).click();
      await phone.isOut();
      await devices.nth(1).waitFor({ state: 'hidden' });
      await phone.page.reload();
      await phone.isOut();
      await alice.page.reload();
      await alice.isIn();
    });
  }),
);
