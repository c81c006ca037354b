import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { createMetrics } from '../../ops/metrics.ts';
import { loadConfig, roles } from '../../schemas/config.ts';
import { binary } from '../servers/binary.ts';
import { withReal } from '../servers/not-available.ts';
import { findPythonProgram, output, read, root } from './tools.ts';

const folder = 'docker/kubernetes';
const files = readdirSync(join(root, folder)).filter((name) => name.endsWith('.yaml'));
const manifests = files.filter((name) => name !== 'kustomization.yaml');

interface Container {
  readonly args: readonly string[];
  readonly envFrom: readonly object[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string } };
  readonly livenessProbe: { readonly httpGet: { readonly path: string } };
  readonly startupProbe: object;
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: object;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly enableServiceLinks: boolean;
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
        readonly securityContext: { readonly runAsNonRoot: boolean };
      };
    };
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> } & Readonly<
      Record<string, string>
    >;
    readonly ports: readonly { readonly targetPort: string }[];
    readonly metrics: readonly { readonly pods?: { readonly metric: { readonly name: string } } }[];
  };
}

const all = manifests.flatMap((name) =>
  parseAllDocuments(read(`${folder}/${name}`)).map((document) => document.toJS() as Manifest),
);
const ofKind = (kind: string) => all.filter((manifest) => manifest.kind === kind);
const deployments = ofKind('Deployment');
const config = ofKind('ConfigMap')[0]!.data!;

describe('the manifests of Kubernetes', async () => {
  await withReal(
    'kubernetes-validate',
    async () => findPythonProgram('kubernetes-validate', 'PETREL_KUBERNETES_VALIDATE', 'kubernetes-validate'),
    (program) => {
      for (const name of manifests)
        it(`${name} fits the schemas`, async () => {
          const { code, text } = await output(program, ['--strict', join(root, folder, name)]);
          assert.equal(code, 0, text);
        });
    },
  );

  await withReal(
    'kubectl',
    () => binary('kubectl', 'kubernetes-client'),
    (kubectl) => {
      it('are put together by kustomize', async () => {
        const { code, text } = await output(kubectl, ['kustomize', join(root, folder)]);
        assert.equal(code, 0, text);
        assert.equal(text.match(/^kind: /gm)?.length, all.length);
        assert.match(text, /image: registry\.example\/petrel-im:[\d.]+$/m);
      });
    },
  );

  it('have a Deployment and a PodDisruptionBudget for each role', () => {
    const wanted = roles.filter((role) => role !== 'all').toSorted();
    const rolesOf = (kind: string) =>
      ofKind(kind)
        .map(({ metadata }) => metadata.name.replace('petrel-', ''))
        .toSorted();
    assert.deepEqual(rolesOf('Deployment'), wanted);
    assert.deepEqual(rolesOf('PodDisruptionBudget'), wanted);
    assert.deepEqual(rolesOf('HorizontalPodAutoscaler'), wanted);
  });

  for (const { metadata, spec } of deployments) {
    const pod = spec.template.spec;
    const [container] = pod.containers;

    describe(metadata.name, () => {
      it('runs its role, as nobody special, with nothing to write to', () => {
        assert.deepEqual(container.args, ['start', '--role', metadata.name.replace('petrel-', '')]);
        assert.equal(pod.securityContext.runAsNonRoot, true);
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      });

      it('is asked whether it lives and whether it takes traffic', () => {
        assert.ok(container.startupProbe);
        assert.equal(container.livenessProbe.httpGet.path, '/healthz');
        assert.equal(container.readinessProbe.httpGet.path, '/readyz');
      });

      it('has the time that it needs to stop', () => {
        const [, seconds] = container.lifecycle.preStop.exec.command;
        assert.ok(pod.terminationGracePeriodSeconds > Number(seconds) + 30);
        assert.ok(Number(config.PETREL_MQTT_DRAIN_TIME) < 30);
      });

      it('is not configured by services that happen to have its names', () => {
        assert.equal(pod.enableServiceLinks, false);
      });

      it('is what its services, budget and selector choose', () => {
        const { labels } = spec.template.metadata;
        assert.deepEqual(spec.selector.matchLabels, labels);
        const budget = ofKind('PodDisruptionBudget').find((one) => one.metadata.name === metadata.name)!;
        assert.deepEqual(budget.spec.selector.matchLabels, labels);
      });
    });
  }

  it('have services for ports that are there', () => {
    for (const { metadata, spec } of ofKind('Service')) {
      const target = deployments.find(({ spec: { template } }) =>
        Object.entries(spec.selector).every(([label, value]) => template.metadata.labels[label] === value),
      );
      assert.ok(target, metadata.name);
      const ports = target.spec.template.spec.containers[0].ports.map(({ name }) => name);
      for (const { targetPort } of spec.ports) assert.ok(ports.includes(targetPort), metadata.name);
    }
  });

  it('scale by a metric that there is', async () => {
    const names = (await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name);
    const scaled = ofKind('HorizontalPodAutoscaler').flatMap(({ spec }) =>
      spec.metrics.flatMap(({ pods }) => (pods === undefined ? [] : [pods.metric.name])),
    );
    assert.deepEqual(scaled, ['petrel_connections']);
    assert.ok(names.includes('petrel_connections'));
  });

  it('configure keys that there are', () => {
    assert.deepEqual(loadConfig({ env: config }).warnings, []);
  });

  it('are all named by the kustomization', () => {
    const kustomization = read(`${folder}/kustomization.yaml`);
    for (const name of manifests) assert.match(kustomization, new RegExp(`^  - ${name}$`, 'm'));
  });
});
