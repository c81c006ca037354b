import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Move, Moving } from '../../cli/surroundings.ts';
import { MovingError, Stopped } from '../../moving/errors.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { FakeProcess } from './surroundings.ts';

const nothing = async () => [];
const moving = (changes: Partial<Moving> = {}): Moving => ({
  export: nothing,
  import: nothing,
  verify: nothing,
  ...changes,
});

describe('petrel export, import and verify', () => {
  for (const args of [
    ['export'],
    ['import'],
    ['verify'],
    ['export', 'a', 'b'],
    ['import', 'a', '--leave-custom'],
    ['verify', 'a', '--config', 'b'],
  ])
    it(`exit 64 for '${args.join(' ')}'`, async () => {
      const fake = new FakeProcess();
      assert.equal(await fake.run(args, { moving: moving() }), 64);
      assert.match(fake.errors.join('\n'), /Usage: petrel/);
    });

  it('exit 78 where the configuration is wrong', async () => {
    const fake = new FakeProcess();
    assert.equal(await fake.run(['export', 'a'], { env: { PETREL_MQTT_PORT: 'x' } }), 78);
  });

  it('hand over folder and configuration, and show what was moved', async () => {
    const fake = new FakeProcess();
    let given: Move | undefined;
    const checksum = '0123456789abcdef'.repeat(4);
    const done = async (move: Move) => {
      given = move;
      return [
        { name: 'timeline.events', records: 12_345, checksum, found: { records: 12_345, checksum } },
        { name: 'sessions', records: 0, checksum, found: { records: 0, checksum } },
      ];
    };
    const env = { PETREL_DATA_DIR: '/nowhere', PETREL_STORE_TIMELINE: 'mongodb://a/b' };
    assert.equal(await fake.run(['export', 'there'], { env, moving: moving({ export: done }) }), 0);
    assert.equal(given!.folder, 'there');
    assert.equal(given!.config.store.timeline, 'mongodb://a/b');
    assert.deepEqual(fake.output, [
      'section          records  checksum',
      'timeline.events   12,345  0123456789abcdef  as in the store',
      'total             12,345',
    ]);
  });

  it('stop on a signal, and end at once on a second one', async () => {
    const fake = new FakeProcess();
    const stopping = async ({ watch }: Pick<Move, 'watch'>) => {
      assert.equal(watch.isStopped(), false);
      fake.signal('SIGINT');
      assert.equal(watch.isStopped(), true);
      assert.deepEqual(fake.quits, []);
      fake.signal('SIGINT');
      throw new Stopped();
    };
    assert.equal(await fake.run(['verify', 'a'], { moving: moving({ verify: stopping }) }), 1);
    assert.deepEqual(fake.quits, [1]);
    assert.deepEqual(fake.errors, ['petrel: stopped; the same command goes on from here.']);
  });

  for (const [what, error, told] of [
    ['what the operator has to do', new MovingError('name another folder'), /^petrel: name another folder$/],
    [
      'that the store is in use',
      Object.assign(new Error('x'), { name: 'StoreLocked' }),
      /another process uses/,
    ],
    [
      'that the store is away, and that it goes on',
      new PetrelError('store.unavailable', undefined, { cause: new Error('no route\nto it') }),
      /^petrel: failed: no route\. The same command goes on from here\.$/,
    ],
  ] as const)
    it(`exit 1 and say ${what}`, async () => {
      const fake = new FakeProcess();
      const failing = () => Promise.reject(error);
      assert.equal(await fake.run(['export', 'a'], { moving: moving({ export: failing }) }), 1);
      assert.match(fake.errors.join('\n'), told);
    });
});
