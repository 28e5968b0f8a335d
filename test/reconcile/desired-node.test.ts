import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComponentContext, Peer } from '../../src/components/context.js';
import { componentsFor, MANAGED_UNITS } from '../../src/components/roster.js';
import type { ClusterSpec } from '../../src/config/spec.js';
import { versionRow } from '../../src/config/version-table.js';
import type { ComponentOutput } from '../../src/node/desired.js';
import { PATHS } from '../../src/node/paths.js';
import { renewAuthorities } from '../../src/pki/renew.js';
import { PkiStore } from '../../src/pki/store.js';
import { fingerprint } from '../../src/plan/diff.js';
import { traitsOf } from '../../src/reconcile/traits.js';
import { sampleFacts, sampleSpec } from '../helpers/sample-facts.js';

const BINARIES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'bridge',
  'host-local',
  'loopback',
  'portmap',
];

const spec: ClusterSpec = sampleSpec();
let directory: string;
let store: PkiStore;
const peers: Peer[] = spec.nodes.map(({ name, role, podCidr }, index) => ({
  name,
  podCidr,
  nodeIp: `10.146.225.${4 + index}`,
  controlPlane: role === 'control-plane',
}));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'k8s-diskless-desired-'));
  store = await PkiStore.open({ directory, mode: 'memory', clusterExists: false });
  await store.ensure({ spec, nodes: peers });
});
afterAll(() => rm(directory, { recursive: true }));

function desired(name: string, pki = store): ComponentOutput[] {
  const node = spec.nodes.find((candidate) => candidate.name === name);
  const nodeIp = peers.find((peer) => peer.name === name)?.nodeIp;
  if (!node || !nodeIp) throw new Error(name);
  const context: ComponentContext = {
    spec,
    node,
    nodeIp,
    peers,
    version: versionRow(spec.kubernetes),
    traits: traitsOf(sampleFacts(), 'eth0'),
    artifacts: new Map(BINARIES.map((binary) => [binary, { sha256: 'a'.repeat(64), size: 1 }])),
  };
  return [{ component: 'node', files: pki.nodeFiles({ spec, node }), units: [] }, ...componentsFor(context)];
}

describe.each(['s4', 's5'])('everything %s should hold', (name) => {
  it('has every file a unit depends on, from the components or the PKI', () => {
    const components = desired(name);
    const present = new Set(components.flatMap(({ files }) => files.map(({ path }) => path)));
    const missing = components
      .flatMap(({ units }) => units.flatMap(({ inputs }) => inputs))
      .filter((path) => !present.has(path));
    expect(missing).toEqual([]);
  });

  it('has every file that rendered text names by its path', () => {
    const components = desired(name);
    const files = components.flatMap((component) => component.files);
    const present = new Set(files.map(({ path }) => path));
    const texts = files.flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []));
    const named = texts.flatMap(
      (text) => text.match(/\/(?:etc\/kubernetes|opt\/bin|opt\/cni\/bin)\/[\w./-]+\w/g) ?? [],
    );
    const dangling = [...new Set(named)].filter(
      (path) => !present.has(path) && ![...present].some((one) => one.startsWith(`${path}/`)),
    );
    expect(dangling).toEqual([]);
  });

  it('depends by every unit on the certificates and keys that its own files name', () => {
    const components = desired(name);
    const files = components.flatMap((component) => component.files);
    const texts = new Map(
      files.flatMap(({ path, content }) => (content.kind === 'text' ? [[path, content.text]] : [])),
    );
    const missing = components.flatMap(({ units }) =>
      units.flatMap((unit) => {
        const named = unit.inputs.flatMap(
          (path) => texts.get(path)?.match(/\/etc\/kubernetes\/pki\/[\w./-]+\w/g) ?? [],
        );
        return named.filter((path) => !unit.inputs.includes(path)).map((path) => `${unit.name}: ${path}`);
      }),
    );
    expect(missing).toEqual([]);
  });

  it('writes no path twice', () => {
    const paths = desired(name).flatMap(({ files }) => files.map(({ path }) => path));
    expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
  });

  it('writes nothing below /usr, and keys readable by root only', () => {
    for (const { path, mode } of desired(name).flatMap(({ files }) => files)) {
      expect(path).not.toMatch(/^\/usr\//);
      if (path.endsWith('.key')) expect([path, mode]).toEqual([path, 0o600]);
    }
  });

  it('has only units whose state facts report', () => {
    const units = desired(name).flatMap((component) => component.units.map((unit) => unit.name));
    expect(units.filter((unit) => ![...MANAGED_UNITS, 'containerd.service'].includes(unit))).toEqual([]);
  });
});

it('gives no private CA key but the Kubernetes one to control planes, and none to workers', () => {
  const keys = (name: string) =>
    desired(name).flatMap(({ files }) => files.flatMap(({ path }) => (/(^|[/-])ca\.key$/.test(path) ? [path] : [])));
  expect(keys('s4')).toEqual([`${PATHS.pki}/ca.key`]);
  expect(keys('s5')).toEqual([]);
});

describe('renewed authorities', () => {
  /** Units of a node that what is restarted depends on, as `up` tells it: by what they run with. */
  async function restarted(name: string): Promise<string[]> {
    const pki = join(directory, `renewed-${name}`);
    const open = () => PkiStore.open({ directory: pki, mode: 'persistent', clusterExists: false });
    const fingerprints = async (): Promise<Map<string, string>> => {
      const opened = await open();
      await opened.ensure({ spec, nodes: peers });
      const components = desired(name, opened);
      const files = components.flatMap((component) => component.files);
      return new Map(
        components.flatMap(({ units }) => units.map((unit) => [unit.name, fingerprint(unit, files)] as const)),
      );
    };
    const before = await fingerprints();
    await renewAuthorities({ directory: pki, all: true });
    const after = await fingerprints();
    return [...before].flatMap(([unit, was]) => (after.get(unit) === was ? [] : [unit])).toSorted();
  }

  it('restart whoever has read the old certificates, and nobody else', async () => {
    const everywhere = ['k8s-diskless-api.service', 'kube-proxy.service', 'kubelet.service'];
    expect(await restarted('s5')).toEqual(everywhere);
    const controlPlane = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
    expect(await restarted('s4')).toEqual([...controlPlane.map((id) => `${id}.service`), ...everywhere].toSorted());
  });
});
