import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endThose } from '../../broker/standing.ts';
import { FakeLink, HubFixture } from './hub/fixture.ts';

describe('connections that messages should have ended', () => {
  it('end by the reason that the message would have had: of users, and of sign-ins', async () => {
    const fixture = new HubFixture();
    const { link: eve } = await fixture.connect('eve');
    const { link: rob } = await fixture.connect('rob');
    const { link: ann } = await fixture.connect('ann');
    const ended: string[] = [];
    const connection = (sid?: string) => ({
      sid,
      end: (reason: number) => ended.push(`${sid} ${reason.toString(16)}`),
    });
    const connections = [connection('s1'), connection('s2'), connection()];
    const registry = { connections: () => connections.values() };
    const parts = { hub: fixture.hub, registry } as unknown as Parameters<typeof endThose>[0];
    endThose(parts, { sids: new Set(['s2', 's3']), banned: ['eve', 'nobody'], removed: ['rob'] });
    assert.deepEqual([eve.ended, rob.ended, ann.ended], [0x87, 0x98, undefined]);
    assert.deepEqual(ended, ['s2 98']);
    await fixture.hub.close();
  });
});

describe('the end of connections up to a time', () => {
  it('leaves those that were opened later', async () => {
    const fixture = new HubFixture();
    const links = [100, 200, 300].map((openedAt) => Object.assign(new FakeLink(), { openedAt }));
    for (const [i, link] of links.entries()) {
      const user = fixture.hub.claim('ann');
      await user.loaded;
      const clientId = `c${i}`;
      fixture.hub.attach({
        ...{ clientId, did: clientId, user, link, window: 10, maxBacklogBytes: 1000, resumed: false },
      });
    }
    fixture.bus.publish({ type: 'end', uid: 'ann', until: 200, reason: 0x98 });
    assert.deepEqual(
      links.map(({ ended }) => ended),
      [0x98, 0x98, undefined],
    );
    await fixture.hub.close();
  });
});
