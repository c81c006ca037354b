import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { createConfig, loadConfig } from '../../schemas/config.ts';
import { withReal } from '../servers/not-available.ts';
import { composeSchema, read } from './tools.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: object;
  readonly restart?: string;
  readonly mem_limit?: string;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/** As Docker reads it: variables filled in, `secret` for those that must be set. */
const compose = (name: string): ComposeFile => {
  const text = read(`docker/${name}`)
    .replaceAll(/(?<!\$)\$\{\w+:\?\}/g, 'secret')
    .replaceAll(/(?<!\$)\$\{\w+:-(\w*)\}/g, '$1');
  assert.doesNotMatch(text, /(?<!\$)\$\{/);
  return parse(text, { merge: true }) as ComposeFile;
};

const names = ['compose.yaml', 'cluster.compose.yaml'];
const ownServices = ({ services }: ComposeFile) =>
  Object.entries(services).filter(([, { image }]) => image.startsWith('petrel-im:'));

for (const name of names)
  describe(`docker/${name}`, async () => {
    const file = compose(name);
    const services = Object.entries(file.services);

    await withReal('the schema of compose files', composeSchema, (schema) => {
      it('is a compose file', () => {
        const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
        assert.ok(validate(file), JSON.stringify(validate.errors));
      });
    });

    it('names only what is there', () => {
      const missing = services.flatMap(([service, { depends_on = {}, networks = [], volumes = [] }]) => [
        ...Object.keys(depends_on).filter((other) => file.services[other] === undefined),
        ...networks.filter(
          (network) => network !== 'default' && !Object.hasOwn(file.networks ?? {}, network),
        ),
        ...volumes
          .map((volume) => volume.split(':', 1)[0]!)
          .filter((volume) => !volume.startsWith('.') && !Object.hasOwn(file.volumes ?? {}, volume))
          .map((volume) => `${service}: ${volume}`),
      ]);
      assert.deepEqual(missing, []);
    });

    it('waits for what is healthy only where health is told', () => {
      const silent = services.flatMap(([, { depends_on = {} }]) =>
        Object.entries(depends_on)
          .filter(([, { condition }]) => condition === 'service_healthy')
          .map(([other]) => other)
          // The image of Petrel has a check of its own.
          .filter((other) => !file.services[other]!.image.startsWith('petrel-im:'))
          .filter((other) => file.services[other]!.healthcheck === undefined),
      );
      assert.deepEqual(silent, []);
    });

    it('bounds the memory of everything and starts it again', () => {
      for (const [service, { mem_limit, restart }] of services) {
        assert.match(mem_limit ?? '', /^\d+[mg]$/, service);
        assert.match(restart ?? '', /^(unless-stopped|on-failure)$/, service);
      }
    });

    it('gives Petrel longer than it takes to stop, and nothing to write to but its data', () => {
      for (const [service, options] of ownServices(file)) {
        assert.ok(Number.parseInt(options.stop_grace_period ?? '', 10) > 30, service);
        assert.equal(options.read_only, true, service);
        assert.deepEqual(options.cap_drop, ['ALL'], service);
      }
    });

    it('configures Petrel with keys that there are', () => {
      for (const [service, { environment = {} }] of ownServices(file)) {
        const { warnings } = loadConfig({ env: { ...environment, PETREL_AUTH_SECRET: '' } });
        assert.deepEqual(warnings, [], service);
      }
    });
  });

describe('the cluster', () => {
  const file = compose('cluster.compose.yaml');

  it('publishes the balancer alone', () => {
    const published = Object.entries(file.services).filter(([, { ports }]) => ports !== undefined);
    assert.deepEqual(
      published.map(([service]) => service),
      ['balancer'],
    );
  });

  it('keeps the stores in a network of their own', () => {
    const stores = ['redis', 'mongodb', 'mariadb'];
    for (const store of stores) assert.deepEqual(file.services[store]!.networks, ['stores']);
    assert.deepEqual(file.networks!.stores, { internal: true });
    assert.deepEqual(file.services.balancer!.networks, ['default']);
  });

  it('asks for every secret, and has the names of all in its example', () => {
    const text = read('docker/cluster.compose.yaml');
    const asked = new Set([...text.matchAll(/(?<!\$)\$\{(\w+):\?\}/g)].map(([, name]) => name!));
    assert.ok(asked.size >= 4);
    const example = read('docker/cluster.env.example');
    for (const name of asked) assert.match(example, new RegExp(`^${name}=$`, 'm'));
    assert.doesNotMatch(text, /(PASSWORD|KEY|SECRET): [a-z0-9]+$/m);
  });

  it('runs Redis so that it forgets nothing', () => {
    const command = file.services.redis!.command!.join(' ');
    for (const setting of ['--appendonly yes', '--appendfsync always', '--maxmemory-policy noeviction'])
      assert.ok(command.includes(setting), setting);
  });

  it('stops its brokers within the time that a container has', () => {
    const { environment } = file.services.broker!;
    const { mqtt } = createConfig({ mqtt: { drainTime: Number(environment!.PETREL_MQTT_DRAIN_TIME) } });
    assert.ok(mqtt.drainTime > 0 && mqtt.drainTime < 30);
  });
});
