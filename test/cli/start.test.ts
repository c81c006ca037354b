import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Compose } from '../../cli/surroundings.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { StoreAway } from '../../store/away.ts';
import { FakeProcess } from './surroundings.ts';

let folder: string;
let env: Record<string, string>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'petrel-start-'));
  env = { PETREL_DATA_DIR: join(folder, 'deep', 'data') };
});
afterEach(() => rmSync(folder, { recursive: true }));

const addresses = ['mqtt://0.0.0.0:1', 'ws://0.0.0.0:2/mqtt', 'http://0.0.0.0:2'];

/** A compose whose server closes when it is told to; `started` resolves when it was called. */
function composed(close: () => Promise<void> = () => Promise.resolve()) {
  let tell: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const compose: Compose = () => {
    tell();
    return Promise.resolve({ addresses, page: true, close });
  };
  return { compose, started };
}

const failing = (error: Error, compose: Compose = () => Promise.reject(error)) => ({ env, compose });

describe('petrel start', () => {
  it('makes the data folder and says that it is ready, at every log level', async () => {
    const fake = new FakeProcess();
    const { compose, started } = composed();
    const stopped = fake.run(['start'], { env, compose });
    await started;
    fake.signal();
    assert.equal(await stopped, 0);
    assert.ok(existsSync(join(folder, 'deep', 'data')));
  });

  it('prints the line scripts wait for', async () => {
    const fake = new FakeProcess();
    const stopped = fake.run(['start'], { env, compose: composed().compose });
    while (fake.output.length === 0) await new Promise(setImmediate);
    assert.deepEqual(fake.output, ['Petrel is ready: mqtt://0.0.0.0:1 ws://0.0.0.0:2/mqtt http://0.0.0.0:2']);
    fake.signal();
    assert.equal(await stopped, 0);
  });

  it('closes the server once on a signal and exits 0', async () => {
    const fake = new FakeProcess();
    let closed = 0;
    const { compose, started } = composed(async () => {
      closed++;
    });
    const stopped = fake.run(['start'], { env, compose });
    await started;
    fake.signal('SIGINT');
    assert.equal(await stopped, 0);
    assert.equal(closed, 1);
  });

  it('exits 1 at once on a second signal', async () => {
    const fake = new FakeProcess();
    const { compose, started } = composed(() => new Promise(() => {}));
    const stopped = fake.run(['start'], { env, compose });
    await started;
    fake.signal();
    fake.signal();
    assert.equal(await stopped, 1);
  });

  it('exits 1 when closing takes longer than it may', async () => {
    const fake = new FakeProcess();
    const { compose, started } = composed(() => new Promise(() => {}));
    const stopped = fake.run(['start'], { env, compose, stopTimeoutMs: 1 });
    await started;
    fake.signal();
    assert.equal(await stopped, 1);
  });

  it('stops a server that is still starting when the signal comes', async () => {
    const fake = new FakeProcess();
    let closed = false;
    let finishStart: (() => void) | undefined;
    const compose: Compose = async () => {
      await new Promise<void>((resolve) => {
        finishStart = resolve;
      });
      return {
        addresses,
        page: true,
        close: async () => {
          closed = true;
        },
      };
    };
    const stopped = fake.run(['start'], { env, compose });
    while (!finishStart) await new Promise(setImmediate);
    fake.signal();
    finishStart();
    assert.equal(await stopped, 0);
    assert.ok(closed);
    assert.deepEqual(fake.output, []);
  });

  it('exits 1 on a fault nobody caught', async () => {
    const fake = new FakeProcess();
    const { compose, started } = composed();
    const stopped = fake.run(['start'], { env, compose });
    await started;
    fake.fault(new Error('broken'));
    assert.equal(await stopped, 1);
  });

  it('exits 78 before anything is made when the configuration is wrong, or is not one for the role', async () => {
    const wrong = new FakeProcess();
    assert.equal(await wrong.run(['start'], { env: { ...env, PETREL_MQTT_PORT: 'x' } }), 78);
    assert.equal(wrong.errors.length, 1);
    const role = new FakeProcess();
    assert.equal(await role.run(['start', '--role', 'broker'], { env }), 78);
    assert.equal(role.errors.length, 3);
    assert.ok(!existsSync(join(folder, 'deep', 'data')));
  });
});

describe('a start that fails', () => {
  async function failure(error: Error): Promise<string> {
    const fake = new FakeProcess();
    assert.equal(await fake.run(['start'], failing(error)), 1);
    assert.equal(fake.errors.length, 1);
    assert.ok(!fake.errors[0]!.includes('\n'));
    return fake.errors[0]!;
  }

  it('names the port that is in use, and its key', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    const taken = await new Promise<Error>((resolve) => {
      createServer().once('error', resolve).listen(port, '127.0.0.1');
    });
    env.PETREL_MQTT_PORT = String(port);
    assert.match(await failure(taken), new RegExp(`127\\.0\\.0\\.1:${port} is in use \\(mqtt\\.port\\)`));
    holder.close();
  });

  it('says that another process uses the data folder', async () => {
    const locked = Object.assign(new Error('locked'), { name: 'StoreLocked' });
    assert.match(await failure(locked), /another process uses the data folder/);
  });

  it('says that the data folder is a file', async () => {
    env.PETREL_DATA_DIR = join(folder, 'file');
    writeFileSync(env.PETREL_DATA_DIR, '');
    assert.match(await failure(new Error('not reached')), /file \(dataDir\) is not a folder/);
  });

  it('says that the data folder can have no place', async () => {
    env.PETREL_DATA_DIR = '/proc/petrel/data';
    assert.match(
      await failure(new Error('not reached')),
      /(cannot make|may not write to) .*\/proc\/petrel\/data/,
    );
  });

  it('says what is wrong with the data', async () => {
    const cause = new Error('file is not a database');
    const damaged = new PetrelError('store.unavailable', undefined, { cause });
    assert.match(await failure(damaged), /cannot open the data in .+ file is not a database$/);
  });

  it('says which server cannot be had, and why', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    const away = new PetrelError('store.unavailable', 'Redis cannot be reached', { cause });
    assert.equal(
      await failure(new StoreAway('store.state', away)),
      'petrel: cannot open store.state: connect ECONNREFUSED 127.0.0.1:9',
    );
  });

  it('shows the first line of anything else', async () => {
    assert.equal(await failure(new Error('odd\nlong')), 'petrel: could not start: odd');
  });
});
