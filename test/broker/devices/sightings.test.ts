import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Sightings } from '../../../broker/devices/sightings.ts';
import type { Session } from '../../../broker/hub/session.ts';
import type { Platform } from '../../../schemas/identity.ts';
import type { Bus, BusMessage } from '../../../store/bus.ts';
import type { SeenDevice } from '../../../store/directory.ts';
import { createMemoryBus } from '../../../store/state/memory/bus.ts';

const session = (uid: string, did: string, platform?: Platform, clientId = did): Session =>
  ({ did, clientId, platform, user: { uid } }) as unknown as Session;

describe('devices that come and go', () => {
  let written: SeenDevice[][];
  let removed: string[];
  let bus: Bus;
  let told: BusMessage[];
  let errors: unknown[];
  let failing: boolean;
  let now: number;
  let sightings: Sightings;

  beforeEach(() => {
    [written, told, errors, failing, now] = [[], [], [], false, 5_400];
    removed = [];
    bus = createMemoryBus((error) => errors.push(error));
    bus.subscribe((message) => told.push(message));
    sightings = new Sightings({
      bus,
      now: () => now,
      onError: (error) => errors.push(error),
      directory: {
        async seeDevices(devices) {
          if (failing) throw new Error('away');
          written.push([...devices]);
          return devices.filter(({ did, left }) => did.startsWith('new') && left !== true);
        },
        async removeDevice(uid, did) {
          removed.push(`${uid}/${did}`);
          return true;
        },
      },
    });
  });
  afterEach(() => sightings.close());

  it('are written together, the last word of each, in whole seconds', async () => {
    sightings.came(session('alice', 'phone', 'mobile'));
    sightings.left(session('alice', 'phone', 'mobile'));
    sightings.left(session('alice', 'tablet'));
    sightings.came(session('bob', 'phone'));
    sightings.left(session('bob', 'tablet'));
    now = 7_900;
    sightings.came(session('bob', 'tablet'));
    await sightings.flush();
    assert.deepEqual(written, [
      [
        { uid: 'alice', did: 'phone', platform: 'mobile', lastSeen: 5000, left: false },
        { uid: 'alice', did: 'tablet', lastSeen: 5000, left: true },
        { uid: 'bob', did: 'phone', lastSeen: 5000, left: false },
        { uid: 'bob', did: 'tablet', lastSeen: 7000, left: false },
      ],
    ]);
    await sightings.flush();
    assert.equal(written.length, 1);
  });

  it('are not recorded under a name that the server made, nor without a token', async () => {
    sightings.came(session('alice', 'auto-1'));
    sightings.came(session('anonymous', 'phone'));
    sightings.came(session('alice', 'd1', undefined, 'auto-2'));
    await sightings.flush();
    assert.deepEqual(
      written.flat().map(({ did }) => did),
      ['d1'],
    );
  });

  it('stay removed where another node removed them when they were first seen here', async () => {
    const end = (did: string) => bus.publish({ type: 'end', uid: 'alice', did, forget: true, reason: 0x98 });
    sightings.came(session('alice', 'new-1'));
    end('new-1');
    await sightings.flush();
    assert.deepEqual([written, removed], [[], []]);
    sightings.came(session('alice', 'new-2'));
    sightings.came(session('alice', 'known'));
    await sightings.flush();
    for (const did of ['new-2', 'known']) end(did);
    await sightings.flush();
    assert.deepEqual(removed, ['alice/new-2']);
    await sightings.flush();
    end('new-2');
    await sightings.flush();
    assert.deepEqual(removed, ['alice/new-2']);
  });

  it('are told to the other devices where they are new', async () => {
    sightings.came(session('alice', 'new-1', 'web'));
    sightings.came(session('alice', 'known'));
    await sightings.flush();
    assert.deepEqual(told, [
      {
        type: 'notice',
        uid: 'alice',
        notice: { type: 'device', action: 'signed-in', did: 'new-1', platform: 'web' },
        except: 'new-1',
      },
    ]);
  });

  it('wait while the directory is away, which is told once; what came later counts', async () => {
    failing = true;
    sightings.came(session('alice', 'phone'));
    sightings.came(session('bob', 'phone'));
    await sightings.flush();
    await sightings.flush();
    assert.equal(errors.length, 1);
    now = 9000;
    sightings.left(session('alice', 'phone'));
    failing = false;
    await sightings.close();
    assert.deepEqual(
      written.flat().map(({ uid, lastSeen, left }) => [uid, lastSeen, left]),
      [
        ['alice', 9000, false],
        ['bob', 5000, false],
      ],
    );
  });
});
