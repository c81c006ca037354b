import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { onStage } from './stage.ts';
import { agree, noNetwork } from './talk.ts';

await onStage((stage) =>
  describe('the installed page', () => {
    it('opens without a network, shows what was said, and takes messages for later', async () => {
      stage.tolerate(...noNetwork);
      const alice = await stage.person('alice');
      const bob = await stage.person('bob');
      await Promise.all([alice.signUp(), bob.signUp()]);
      await alice.openChat(bob.uid);
      await alice.say('m-alice-01');
      await bob.openChat(alice.uid);
      await bob.say('m-bob-01');
      await alice.sees('m-bob-01');
      await alice.page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');

      await alice.context.setOffline(true);
      await alice.page.reload();
      await alice.enter(bob.uid);
      await alice.sees('m-bob-01', bob.uid);
      await alice.seesState('m-alice-01', 'Delivered', 'Read');
      await alice.say('m-alice-02');
      await alice.seesState('m-alice-02', 'Sending');
      await alice.page.reload();
      await alice.seesState('m-alice-02', 'Sending');
      await alice.context.setOffline(false);
      await agree(stage.petrel, [alice, bob], ['m-alice-01', 'm-bob-01', 'm-alice-02']);
    });

    it('can be installed', async () => {
      const alice = await stage.person('alice');
      const devTools = await alice.context.newCDPSession(alice.page);
      const { errors, url } = await devTools.send('Page.getAppManifest');
      assert.match(url, /^http/);
      assert.deepEqual(errors, []);
      const { installabilityErrors } = await devTools.send('Page.getInstallabilityErrors');
      // Every test's browser is a private one, which installs nothing.
      const own = installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito');
      assert.deepEqual(own, []);
    });

    it('works in a LAN on plain http, where a browser has neither worker, locks nor cryptography', async () => {
      const lan = `http://petrel.lan:${stage.petrel.port('http')}`;
      const alice = await stage.person('alice', { url: lan });
      const bob = await stage.person('bob');
      assert.equal(await alice.page.evaluate('isSecureContext'), false);
      await Promise.all([alice.signUp(), bob.signUp()]);
      await alice.openChat(bob.uid);
      await alice.say('m-alice-01');
      await bob.openChat(alice.uid);
      await bob.say('m-bob-01');
      await agree(stage.petrel, [alice, bob], ['m-alice-01', 'm-bob-01']);
      await alice.page.reload();
      await alice.sees('m-bob-01');
    });
  }),
);
