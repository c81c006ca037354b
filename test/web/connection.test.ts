import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Person } from './person.ts';
import { connectionsOf } from './server-side.ts';
import { onStage } from './stage.ts';
import { agree, noNetwork, numbered, say } from './talk.ts';

const offlineMs = 30_000;

/** The line that says there is no connection. */
const banner = (person: Person) => person.page.getByRole('status').filter({ hasText: /offline|connect/i });

await onStage((stage) => {
  /** Two people who have said hello to each other. */
  async function talkers(): Promise<[Person, Person]> {
    stage.tolerate(...noNetwork);
    const [alice, bob] = await stage.people('alice', 'bob');
    await alice.openChat(bob.uid);
    await alice.say('m-hello');
    await bob.enter(alice.uid);
    await bob.sees('m-hello');
    await alice.seesState('m-hello', 'Delivered', 'Read');
    return [alice, bob];
  }

  describe('without a network', () => {
    it('for 30 s, messages of both ways wait and come once and in order', async () => {
      const [alice, bob] = await talkers();
      await alice.context.setOffline(true);
      const since = performance.now();
      await banner(alice).waitFor();
      const [fromAlice, fromBob] = [numbered('alice', 3), numbered('bob', 3)];
      await say(alice, fromAlice);
      for (const text of fromAlice) await alice.seesState(text, 'Sending');
      await say(bob, fromBob);
      await setTimeout(offlineMs - (performance.now() - since));
      assert.equal(await alice.message('m-bob-01').count(), 0);
      await alice.context.setOffline(false);
      await banner(alice).waitFor({ state: 'hidden' });
      await agree(stage.petrel, [alice, bob], ['m-hello', ...fromAlice, ...fromBob]);
    });

    it('what waits survives the closing of the page', async () => {
      const [alice, bob] = await talkers();
      await alice.context.setOffline(true);
      await say(alice, ['m-alice-01', 'm-alice-02']);
      await alice.seesState('m-alice-02', 'Sending');
      await alice.page.close();
      await alice.context.setOffline(false);
      await alice.open();
      await alice.enter(bob.uid);
      await agree(stage.petrel, [alice, bob], ['m-hello', 'm-alice-01', 'm-alice-02']);
    });
  });

  describe('a server that is killed in the middle of a conversation', () => {
    it('loses nothing and doubles nothing', async () => {
      const [alice, bob] = await talkers();
      stage.petrel.keepPorts();
      await say(alice, ['m-alice-01', 'm-alice-02']);
      await say(bob, ['m-bob-01']);
      await stage.petrel.kill();
      await say(alice, ['m-alice-03', 'm-alice-04']);
      await say(bob, ['m-bob-02', 'm-bob-03']);
      await Promise.all([banner(alice).waitFor(), banner(bob).waitFor()]);
      await alice.seesState('m-alice-04', 'Sending');
      await stage.petrel.start();
      const said = ['m-hello', 'm-alice-01', 'm-alice-02', 'm-alice-03', 'm-alice-04'];
      await agree(stage.petrel, [alice, bob], [...said, 'm-bob-01', 'm-bob-02', 'm-bob-03']);
    });
  });

  describe('two tabs of one user', () => {
    it('have one connection, say each message once, and go on when the first is closed', async () => {
      const [alice, bob] = await talkers();
      const second = await alice.tab();
      await second.enter(bob.uid);
      await second.sees('m-hello');
      assert.equal(await connectionsOf(stage.petrel, alice.uid), 1);

      await say(alice, ['m-alice-01']);
      await second.sees('m-alice-01');
      await say(second, ['m-alice-02']);
      await alice.sees('m-alice-02');
      await say(bob, ['m-bob-01']);
      await Promise.all([alice.sees('m-bob-01'), second.sees('m-bob-01')]);

      await alice.page.close();
      await say(second, ['m-alice-03']);
      await say(bob, ['m-bob-02']);
      const said = ['m-hello', 'm-alice-01', 'm-alice-02', 'm-bob-01', 'm-alice-03', 'm-bob-02'];
      await agree(stage.petrel, [second, bob], said);
      assert.equal(await connectionsOf(stage.petrel, alice.uid), 1);
    });
  });
});
