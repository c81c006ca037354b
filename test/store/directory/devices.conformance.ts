import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Directory, maxDevices, type SeenDevice } from '../../../store/directory.ts';
import type { DirectoryFixture } from './conformance.ts';

/** What store/directory/devices.ts promises, for every implementation. */
export function devicesConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`devices on ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    const device = (did: string, lastSeen: number, more: Partial<SeenDevice> = {}): SeenDevice => ({
      uid: 'alice',
      did,
      lastSeen,
      ...more,
    });
    const seen = async (uid = 'alice') =>
      (await directory.devicesOf(uid)).map(({ did, lastSeen }) => [did, lastSeen]);

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
    });
    afterEach(() => fixture.end());

    it('are made and brought up to date many at a time; the new ones are answered', async () => {
      assert.equal(await directory.seeDevice(device('d1', 10, { platform: 'web' })), true);
      const made = await directory.seeDevices([
        device('d1', 20, { platform: 'mobile', name: 'Phone' }),
        device('d2', 20),
        device('d2', 21),
        device('d1', 30, { uid: 'bob' }),
      ]);
      assert.deepEqual(
        made.map(({ uid, did, lastSeen }) => [uid, did, lastSeen]),
        [
          ['alice', 'd2', 21],
          ['bob', 'd1', 30],
        ],
      );
      assert.deepEqual(await directory.devicesOf('alice'), [
        { uid: 'alice', did: 'd1', platform: 'mobile', name: 'Phone', createdAt: 10, lastSeen: 20 },
        { uid: 'alice', did: 'd2', createdAt: 21, lastSeen: 21 },
      ]);
      assert.deepEqual(await directory.seeDevices([]), []);
    });

    it('are never seen earlier than before, and keep what is not given', async () => {
      await directory.seeDevice(device('d1', 20, { platform: 'web', name: 'Laptop' }));
      assert.equal(await directory.seeDevice(device('d1', 10, { platform: 'desktop' })), false);
      assert.deepEqual(await directory.devicesOf('alice'), [
        { uid: 'alice', did: 'd1', platform: 'desktop', name: 'Laptop', createdAt: 20, lastSeen: 20 },
      ]);
    });

    it('that leave are not made', async () => {
      await directory.seeDevice(device('d1', 10));
      assert.deepEqual(
        await directory.seeDevices([device('d1', 20, { left: true }), device('d2', 20, { left: true })]),
        [],
      );
      assert.deepEqual(await seen(), [['d1', 20]]);
    });

    it('are told apart by every character of any client id', async () => {
      const dids = [
        'a',
        'A',
        'a ',
        ' a',
        'a%20',
        'é',
        'e\u0301',
        '手机',
        'a/b',
        'x'.repeat(256),
        '😀'.repeat(64),
      ];
      await directory.seeDevices(dids.map((did) => device(did, 10)));
      assert.deepEqual(
        (await directory.seeDevices(dids.map((did) => device(did, 20)))).map(({ did }) => did),
        [],
      );
      assert.deepEqual(new Set(await seen()), new Set(dids.map((did) => [did, 20])));
      assert.equal(await directory.removeDevice('alice', 'a '), true);
      assert.equal((await seen()).length, dids.length - 1);
    });

    it('are made once when seen at the same time', async () => {
      const made = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          directory.seeDevices([device('d1', 10 + i), device('d2', 10 + i)]),
        ),
      );
      assert.equal(made.flat().length, 2);
      assert.deepEqual(await seen(), [
        ['d1', 19],
        ['d2', 19],
      ]);
    });

    it('go when there are too many, those not seen for longest first', async () => {
      const many = Array.from({ length: maxDevices }, (_, i) => device(`d${i}`, 1000 + i));
      await directory.seeDevices(many);
      await directory.seeDevice(device('d0', 5000));
      await directory.seeDevices([device('e1', 6000), device('e2', 6000), device('e1', 1, { uid: 'bob' })]);
      const left = new Set((await seen()).map(([did]) => did));
      assert.equal(left.size, maxDevices);
      assert.deepEqual(
        ['d0', 'd1', 'd2', 'd3', 'e1', 'e2'].filter((did) => left.has(did)),
        ['d0', 'd3', 'e1', 'e2'],
      );
      assert.deepEqual(await seen('bob'), [['e1', 1]]);
    });

    it('take a storm: thousands of users in one call', async () => {
      const users = Array.from({ length: 3000 }, (_, i) => device('phone', 10, { uid: `u${i}` }));
      assert.equal((await directory.seeDevices(users)).length, 3000);
      const again = users.map((one) => ({ ...one, lastSeen: 20 }));
      assert.equal((await directory.seeDevices(again)).length, 0);
      assert.deepEqual(await seen('u2999'), [['phone', 20]]);
    });

    it('go with their sign-ins, and nobody else does', async () => {
      const family = (sid: string, did: string, uid = 'alice') =>
        directory.createFamily({ sid, uid, did, tokenHash: 'h', createdAt: 1, expiresAt: 100 });
      await directory.seeDevices([device('d1', 10), device('d2', 10), device('d1', 10, { uid: 'bob' })]);
      await Promise.all([
        family('s1', 'd1'),
        family('s2', 'd1'),
        family('s3', 'd2'),
        family('s4', 'd1', 'bob'),
      ]);
      assert.deepEqual((await directory.revokeDevice('alice', 'd1', 50)).sort(), ['s1', 's2']);
      assert.deepEqual(await directory.revokeDevice('alice', 'd1', 60), []);
      const revoked = await directory.revokedFamilies(0);
      assert.deepEqual(revoked.map(({ sid, at }) => [sid, at]).sort(), [
        ['s1', 50],
        ['s2', 50],
      ]);
      assert.equal(await directory.removeDevice('alice', 'd1'), true);
      assert.equal(await directory.removeDevice('alice', 'd1'), false);
      assert.deepEqual(await seen(), [['d2', 10]]);
      assert.deepEqual(await seen('bob'), [['d1', 10]]);
    });

    it('say when their user was seen last, beside what the user left behind', async () => {
      await directory.seeDevices([device('d1', 10), device('d2', 30), device('d1', 7, { uid: 'bob' })]);
      await directory.putStatus('alice', 'asleep', 25);
      await directory.putStatus('alice', '{"battery":"é"}', 40);
      await directory.putStatus('alice', 'older', 39);
      await directory.putHidden('carol', 50);
      await directory.putHidden('carol', 60);
      await Promise.all([1, 2, 3].map((at) => directory.putHidden('alice', at)));
      await directory.putHidden('alice', 0);
      assert.deepEqual(
        await directory.absences(['alice', 'bob', 'carol', 'dave']),
        new Map([
          ['alice', { lastSeen: 30, status: '{"battery":"é"}', statusAt: 40, hiddenAt: 0 }],
          ['bob', { lastSeen: 7, statusAt: 0, hiddenAt: 0 }],
          ['carol', { lastSeen: 0, statusAt: 0, hiddenAt: 50 }],
        ]),
      );
      assert.deepEqual(await directory.absences([]), new Map());
      directory = await fixture.reopen();
      assert.equal((await directory.absences(['alice'])).get('alice')?.status, '{"battery":"é"}');
    });
  });
}
