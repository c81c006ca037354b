import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FakeProcess } from './surroundings.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'petrel-cli-'));
});
after(() => rmSync(folder, { recursive: true }));

describe('the command line', () => {
  for (const args of [['--help'], ['-h'], ['help'], ['start', '--help'], ['token', '-h']]) {
    it(`shows the usage for ${args.join(' ')} and exits 0`, async () => {
      const fake = new FakeProcess();
      assert.equal(await fake.run(args), 0);
      assert.match(fake.output.join('\n'), /Usage: petrel/);
    });
  }

  it('shows the version', async () => {
    const fake = new FakeProcess();
    assert.equal(await fake.run(['--version']), 0);
    assert.match(fake.output[0]!, /^\d+\.\d+\.\d+/);
  });

  for (const args of [
    [],
    ['restart'],
    ['--role', 'all'],
    ['start', '--port', '1'],
    ['start', '--role', 'most'],
    ['start', '--role'],
    ['start', 'now'],
    ['check-config', 'a', 'b'],
    ['check-config', 'a', '--config', 'b'],
    ['token'],
    ['token', 'Alice'],
    ['token', 'system'],
    ['token', 'alice', '--ttl', '1h'],
    ['token', 'alice', '--ttl', '0'],
    ['token', 'alice', '--plat', 'fridge'],
    ['token', 'alice', '--did', ''],
  ]) {
    it(`refuses \`petrel ${args.join(' ')}\` with the usage and exit code 64`, async () => {
      const fake = new FakeProcess();
      assert.equal(await fake.run(args), 64);
      assert.match(fake.errors[0]!, /^petrel: .+\n\nPetrel/);
      assert.deepEqual(fake.output, []);
    });
  }
});

describe('petrel check-config', () => {
  it('exits 0 for a right configuration, the defaults too', async () => {
    const file = join(folder, 'right.yaml');
    writeFileSync(file, 'mqtt: { port: 2883 }\n');
    assert.equal(await new FakeProcess().run(['check-config']), 0);
    assert.equal(await new FakeProcess().run(['check-config', file]), 0);
    assert.equal(await new FakeProcess().run(['check-config', '--config', file]), 0);
  });

  it('exits 78 with one line for each thing that is wrong', async () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'mqtt: { port: x }\nstoer: {}\n');
    const fake = new FakeProcess();
    assert.equal(await fake.run(['check-config', file]), 78);
    assert.equal(fake.errors.length, 2);
    assert.match(fake.errors[0]!, /^petrel: configuration: mqtt\.port: /);
    assert.match(fake.errors[1]!, /^petrel: configuration: stoer: unknown key \(did you mean store\?\)/);
  });

  it('exits 78 for a role whose processes would share nothing', async () => {
    const env = { PETREL_STORE_STATE: 'redis://h', PETREL_STORE_DIRECTORY: 'mysql://h/p' };
    const fake = new FakeProcess();
    assert.equal(await fake.run(['check-config', '--role', 'worker'], { env }), 78);
    assert.match(fake.errors.join(), /^petrel: configuration: store\.timeline: [^,]*$/);
    assert.equal(await new FakeProcess().run(['check-config'], { env }), 0);
  });

  it('only warns of an unknown variable', async () => {
    const fake = new FakeProcess();
    assert.equal(await fake.run(['check-config'], { env: { PETREL_SERVICE_HOST: 'x' } }), 0);
    assert.match(fake.errors[0]!, /warning: PETREL_SERVICE_HOST/);
  });
});

describe('petrel token', () => {
  it('prints the token alone, with what it was asked to hold', async () => {
    const fake = new FakeProcess();
    const args = ['token', 'alice', '--scope', 'admin', '--ttl', '60', '--did', 'd1', '--plat', 'web'];
    assert.equal(await fake.run(args), 0);
    assert.deepEqual(fake.output, ['the-token']);
    assert.deepEqual(fake.claims, [{ uid: 'alice', ttl: 60, scope: 'admin', did: 'd1', platform: 'web' }]);
  });

  it('is good for an hour where nothing else is said', async () => {
    const fake = new FakeProcess();
    await fake.run(['token', 'alice']);
    assert.deepEqual(fake.claims, [{ uid: 'alice', ttl: 3600 }]);
  });
});
