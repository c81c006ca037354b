import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  ConfigError,
  createConfig,
  loadConfig,
  type Problem,
  type Role,
  roleProblems,
} from '../../schemas/config.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'petrel-config-'));
});
after(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function problemsOf(load: () => unknown): readonly Problem[] {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

const pathsOf = (input: Record<string, unknown>): string[] =>
  problemsOf(() => createConfig(input)).map(({ path }) => path);

describe('the defaults', () => {
  it('are complete and need no file', () => {
    const { config, warnings } = loadConfig({ env: {} });
    assert.equal(config.mqtt.port, 1883);
    assert.equal(config.mqtt.tls, undefined);
    assert.equal(config.http.port, 8080);
    assert.equal(config.store.timeline, 'sqlite');
    assert.deepEqual(config.topics.custom, []);
    assert.deepEqual(warnings, []);
    assert.deepEqual(roleProblems(config, 'all'), []);
  });

  it('are not shared between configurations and frozen to the last list', () => {
    const one = createConfig();
    assert.notEqual(one.topics.custom, createConfig().topics.custom);
    assert.ok(Object.isFrozen(one) && Object.isFrozen(one.mqtt) && Object.isFrozen(one.topics.custom));
  });
});

describe('the order of sources', () => {
  it('puts the file over the defaults and the environment over the file', () => {
    const file = written('order.yaml', 'mqtt: { port: 2000, host: 127.0.0.1 }\nhttp: { port: 2001 }\n');
    const { config } = loadConfig({ file, env: { PETREL_MQTT_PORT: '0' } });
    assert.deepEqual([config.mqtt.port, config.mqtt.host, config.http.port], [0, '127.0.0.1', 2001]);
  });

  it('reads the file PETREL_CONFIG names, and rather the one it is given', () => {
    const named = written('named.json', '{"dataDir": "/named"}');
    const given = written('given.json', '{"dataDir": "/given"}');
    assert.equal(loadConfig({ env: { PETREL_CONFIG: named } }).config.dataDir, '/named');
    assert.equal(loadConfig({ file: given, env: { PETREL_CONFIG: named } }).config.dataDir, '/given');
  });

  it('takes an empty variable, an empty section and an empty key as not set', () => {
    const file = written('empty.yaml', 'mqtt:\nhttp:\n  port:\n');
    const { config } = loadConfig({ file, env: { PETREL_MQTT_PORT: '' } });
    assert.deepEqual([config.mqtt.port, config.http.port], [1883, 8080]);
  });

  it('takes an empty file as one without keys', () => {
    assert.equal(loadConfig({ file: written('void.yaml', '# nothing\n'), env: {} }).config.mqtt.port, 1883);
  });
});

describe('the environment', () => {
  it('names variables by the path, camelCase as CAMEL_CASE', () => {
    const { config } = loadConfig({
      env: {
        PETREL_DATA_DIR: '/d',
        PETREL_MQTT_MAX_PACKET_SIZE: '4096',
        PETREL_HTTP_TRUST_PROXY: 'true',
        PETREL_LIMITS_SEND_PER_SECOND: '0',
        PETREL_AUTH_SECRET: '0123456789012345678901234567890123456789',
      },
    });
    assert.equal(config.dataDir, '/d');
    assert.equal(config.mqtt.maxPacketSize, 4096);
    assert.equal(config.http.trustProxy, true);
    assert.equal(config.limits.sendPerSecond, 0);
    assert.equal(config.auth.secret, '0123456789012345678901234567890123456789');
  });

  it('takes lists and objects as JSON', () => {
    const rule = { match: 'sensors/{uid}/#', allow: ['publish', 'subscribe'] };
    const { config } = loadConfig({
      env: {
        PETREL_TOPICS_CUSTOM: JSON.stringify([rule]),
        PETREL_HTTP_CORS_ORIGINS: '["https://chat.example"]',
      },
    });
    assert.deepEqual(config.topics.custom, [rule]);
    assert.deepEqual(config.http.corsOrigins, ['https://chat.example']);
  });

  it('reaches into an optional object, and `off` takes it away', () => {
    const cert = written('cert.pem', '');
    const file = written('tls.yaml', `mqtt: { tls: { port: 1, cert: ${cert}, key: ${cert} } }`);
    assert.equal(loadConfig({ file, env: { PETREL_MQTT_TLS_PORT: '2' } }).config.mqtt.tls?.port, 2);
    assert.equal(loadConfig({ file, env: { PETREL_MQTT_TLS: 'off' } }).config.mqtt.tls, undefined);
  });

  for (const [name, value] of [
    ['PETREL_MQTT_PORT', '1e3'],
    ['PETREL_MQTT_PORT', '70000'],
    ['PETREL_MQTT_PORT', 'tcp://10.0.0.1:1883'],
    ['PETREL_AUTH_ANONYMOUS', 'yes'],
    ['PETREL_TOPICS_CUSTOM', '[{'],
    ['PETREL_TOPICS_CUSTOM', '{}'],
    ['PETREL_LOG_LEVEL', 'loud'],
  ] as const) {
    it(`refuses ${name}=${value}`, () => {
      assert.equal(problemsOf(() => loadConfig({ env: { [name]: value } })).length, 1);
    });
  }

  it('warns of an unknown variable, with the nearest known one, and goes on', () => {
    const { warnings } = loadConfig({ env: { PETREL_MQTT_PROT: '1', PETREL_SERVICE_HOST: 'x', HOME: '/' } });
    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /PETREL_MQTT_PROT.*did you mean PETREL_MQTT_PORT\?/);
  });
});

describe('a wrong configuration', () => {
  it('is refused with everything that is wrong, in file and environment', () => {
    const file = written(
      'wrong.yaml',
      'mqtt: { prot: 1, maxKeepalive: long }\nauth: { secret: short }\nstore: { state: file }\n',
    );
    const problems = problemsOf(() => loadConfig({ file, env: { PETREL_HTTP_PORT: 'x' } }));
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['http.port', 'mqtt.prot', 'mqtt.maxKeepalive', 'store.state', 'auth.secret'],
    );
    assert.match(problems[1]!.reason, /unknown key \(did you mean port\?\)/);
  });

  it('never shows the value of a key that may hold a secret', () => {
    const file = written(
      'secret.yaml',
      'auth: { secret: hunter2 }\nstore: { state: "redisx://me:hunter2@h" }\n',
    );
    assert.throws(
      () => loadConfig({ file, env: {} }),
      (error: Error) => error instanceof ConfigError && !error.message.includes('hunter2'),
    );
  });

  it('is refused when the file is missing, damaged, a list, or names a key twice', () => {
    for (const file of [
      join(folder, 'none.yaml'),
      written('damaged.yaml', 'mqtt: [\n'),
      written('damaged.json', '{"mqtt": '),
      written('list.yaml', '- a\n'),
      written('twice.yaml', 'dataDir: a\ndataDir: b\n'),
    ]) {
      assert.equal(problemsOf(() => loadConfig({ file, env: {} })).length, 1, file);
    }
  });

  it('is refused for a key of the object prototype', () => {
    const file = written('proto.yaml', '__proto__: { a: 1 }\nmqtt: { constructor: 1 }\n');
    assert.deepEqual(
      problemsOf(() => loadConfig({ file, env: {} })).map(({ path }) => path),
      ['__proto__', 'mqtt.constructor'],
    );
  });
});

describe('rules between keys', () => {
  it('want 32 bytes, not characters, of auth.secret', () => {
    assert.deepEqual(pathsOf({ auth: { secret: 'x'.repeat(31) } }), ['auth.secret']);
    assert.deepEqual(pathsOf({ auth: { secret: 'é'.repeat(16) } }), []);
  });

  it('want either jwksUri or jwksFile of an issuer, and each issuer once', () => {
    const jwksUri = 'https://id.example/jwks';
    const both = { issuer: 'b', jwksUri, jwksFile: written('jwks.json', '{}') };
    assert.deepEqual(pathsOf({ auth: { issuers: [{ issuer: 'a', jwksUri }] } }), []);
    assert.deepEqual(pathsOf({ auth: { issuers: [{ issuer: 'a' }, both] } }), [
      'auth.issuers.0',
      'auth.issuers.1',
    ]);
    assert.deepEqual(
      pathsOf({
        auth: {
          issuers: [
            { issuer: 'a', jwksUri },
            { issuer: 'a', jwksUri },
          ],
        },
      }),
      ['auth.issuers.1.issuer'],
    );
  });

  it('want the files of TLS to be there', () => {
    assert.deepEqual(pathsOf({ mqtt: { tls: { cert: '/none/c.pem', key: '/none/k.pem' } } }), [
      'mqtt.tls.cert',
      'mqtt.tls.key',
    ]);
  });

  it("want MQTT filters outside Petrel's own topics in topics.custom", () => {
    const isGood = (match: string) =>
      pathsOf({ topics: { custom: [{ match, allow: ['subscribe'] }] } }).length === 0;
    for (const match of ['#', '+', 'a/+/b', 'a/#', '/', 'devices/{uid}/#', 'sender/x', '+/x'])
      assert.ok(isGood(match), match);
    for (const match of [
      '',
      'a#',
      'a/#/b',
      '+a',
      'a+',
      'a\0b',
      'send/u/x',
      'u/{uid}',
      '$SYS/#',
      '$share/a/b',
    ])
      assert.ok(!isGood(match), match);
  });

  it('want at least one thing allowed by a rule', () => {
    assert.deepEqual(pathsOf({ topics: { custom: [{ match: 'a', allow: [] }] } }), ['topics.custom.0.allow']);
    assert.deepEqual(pathsOf({ topics: { custom: [{ match: 'a', allow: ['read'] }] } }), [
      'topics.custom.0.allow.0',
    ]);
  });

  it('want ports that differ', () => {
    assert.deepEqual(pathsOf({ mqtt: { port: 8080 } }), ['http.port']);
    assert.deepEqual(pathsOf({ mqtt: { port: 0 }, http: { port: 0 } }), []);
  });
});

describe('the roles', () => {
  it('but all want stores that processes can share, and name those that are not', () => {
    const shared = { timeline: 'mongodb://h/p', directory: 'mysql://h/p', state: 'redis://h' };
    const keys = (store: Partial<typeof shared>, role: Role) =>
      roleProblems(createConfig({ store }), role).map((sentence) => sentence.split(':', 1)[0]);
    for (const role of ['broker', 'api', 'worker'] as const) {
      assert.deepEqual(keys({}, role), ['store.state', 'store.timeline', 'store.directory']);
      assert.deepEqual(keys({ ...shared, timeline: 'sqlite' }, role), ['store.timeline']);
      assert.deepEqual(keys(shared, role), []);
    }
    assert.deepEqual(keys({ state: 'redis://h' }, 'all'), []);
  });

  it('have stores whose addresses are checked', () => {
    assert.deepEqual(pathsOf({ store: { timeline: 'mongodb://' } }), ['store.timeline']);
  });
});
