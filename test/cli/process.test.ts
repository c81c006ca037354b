import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { Command } from '../support/command.ts';

class Petrel extends Command {
  /** Its addresses, once it is ready. */
  async ready(): Promise<Record<'mqtt' | 'ws' | 'http', string>> {
    const gone = this.ended.then((code) => assert.fail(`ended with ${code}: ${this.errors}`));
    let found: RegExpExecArray | null = null;
    while (!found) {
      await Promise.race([once(this.child.stdout!, 'data'), gone]);
      found = /Petrel is ready: (mqtt:\S+) (ws:[^\s"]+) (http:[^\s"]+)/.exec(this.output);
    }
    const [, mqtt, ws, http] = found as unknown as [string, string, string, string];
    return { mqtt, ws, http };
  }
}

let folder: string;
let env: Record<string, string>;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'petrel-process-'));
  env = {
    PETREL_DATA_DIR: join(folder, 'data'),
    PETREL_MQTT_HOST: '127.0.0.1',
    PETREL_MQTT_PORT: '0',
    PETREL_HTTP_HOST: '127.0.0.1',
    PETREL_HTTP_PORT: '0',
  };
});
after(() => rmSync(folder, { recursive: true, force: true }));

const running = new Set<Petrel>();
afterEach(async () => {
  for (const petrel of running) {
    petrel.child.kill('SIGKILL');
    await petrel.ended;
  }
  running.clear();
});

function petrel(args: readonly string[], more: Record<string, string> = {}): Petrel {
  const started = new Petrel(args, { ...env, ...more });
  running.add(started);
  return started;
}

describe('the program', () => {
  it('shows its usage', async () => {
    const help = petrel(['--help']);
    assert.equal(await help.ended, 0);
    assert.match(help.output, /Usage: petrel/);
  });

  it('exits 78 for a wrong configuration', async () => {
    const wrong = petrel(['start'], { PETREL_MQTT_PORT: 'x' });
    assert.equal(await wrong.ended, 78);
    assert.match(wrong.errors, /^petrel: configuration: mqtt\.port: .+\n$/);
    assert.equal(wrong.output, '');
  });

  it('listens, is healthy, writes JSON lines alone, and stops with 0 on SIGTERM', async () => {
    const server = petrel(['start']);
    const { http } = await server.ready();
    for (const path of ['/healthz', '/readyz', '/metrics'])
      assert.equal((await fetch(`${http}${path}`)).status, 200, path);
    server.child.kill('SIGTERM');
    assert.equal(await server.ended, 0);
    for (const line of server.output.trim().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line);
    assert.equal(server.errors, '');
  });

  it('says that it is ready even where the log is silent', async () => {
    const server = petrel(['start'], { PETREL_LOG_LEVEL: 'silent' });
    await server.ready();
    server.child.kill('SIGINT');
    assert.equal(await server.ended, 0);
  });

  it('refuses a data folder that another process uses, with one line', async () => {
    await petrel(['start']).ready();
    const second = petrel(['start']);
    assert.equal(await second.ended, 1);
    assert.match(second.errors, /^petrel: another process uses the data folder .+\n$/);
  });

  it('refuses a port that is in use, with one line', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    for (const name of ['PETREL_MQTT_PORT', 'PETREL_HTTP_PORT']) {
      const refused = petrel(['start'], { [name]: String(port) });
      assert.equal(await refused.ended, 1);
      assert.match(refused.errors, /^petrel: 127\.0\.0\.1:\d+ is in use \((mqtt|http)\.port\).+\n$/);
    }
    holder.close();
  });

  it('makes a token that the running server takes', async () => {
    const { http } = await petrel(['start']).ready();
    const command = petrel(['token', 'alice']);
    assert.equal(await command.ended, 0, command.errors);
    const headers = { authorization: `Bearer ${command.output.trim()}` };
    const reply = await fetch(`${http}/v1/me`, { headers });
    assert.equal(reply.status, 200);
    assert.equal(((await reply.json()) as { uid: string }).uid, 'alice');
    const metrics = await (await fetch(`${http}/metrics`)).text();
    assert.match(metrics, /^petrel_http_requests_total\{operation="me\.get",status="200"\} 1$/m);
  });
});
