import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { onStage } from './stage.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const;

await onStage((stage) =>
  describe('the page', () => {
    it('shows one thing at a time on a phone, with a way back, and nothing is wider than it', async () => {
      const [alice, bob] = [await stage.person('alice', phone), await stage.person('bob')];
      await Promise.all([alice.signUp(), bob.signUp()]);
      await alice.openChat(bob.uid);
      assert.equal(await alice.list.isVisible(), false);
      await alice.say('from my phone');
      await bob.enter(alice.uid);
      await bob.say('and back to your phone');
      await alice.sees('and back to your phone');
      const width = 'document.documentElement.scrollWidth';
      assert.equal(await alice.page.evaluate(width), phone.viewport.width);
      await alice.button('Back').click();
      await alice.entry(bob.uid).waitFor();
      assert.equal(await alice.textBox('Message').isVisible(), false);
      assert.equal(await alice.page.evaluate(width), phone.viewport.width);
    });

    it('speaks Chinese to a Chinese browser, and English when it is told to', async () => {
      const mei = await stage.person('mei', { locale: 'zh-CN' });
      await mei.page.locator('html[lang|=zh]').waitFor();
      await mei.textBox('用户名').fill(mei.uid);
      await mei.textBox('密码').fill('a long enough word');
      await mei.button('创建账号').click();
      await mei.textBox('搜索').waitFor();
    });

    it('works with the keyboard alone', async () => {
      const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
      await bob.signUp();
      const { keyboard } = alice.page;
      await alice.textBox('User name').focus();
      await keyboard.type(alice.uid);
      await keyboard.press('Tab');
      await alice.textBox('Password').focus();
      await keyboard.type('a long enough word');
      await keyboard.press('Enter');
      await alice.isIn();
      await alice.button('New chat').focus();
      await keyboard.press('Enter');
      await alice.textBox('User name').waitFor();
      await keyboard.type(bob.uid);
      await keyboard.press('Enter');
      await alice.isAt(bob.uid);
      await keyboard.type('no mouse here');
      await keyboard.press('Enter');
      await alice.sees('no mouse here');
    });
  }),
);
