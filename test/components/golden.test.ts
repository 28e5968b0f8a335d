import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NodeTraits } from '../../src/components/context.js';
import { componentsFor } from '../../src/components/roster.js';
import type { ClusterSpec } from '../../src/config/spec.js';
import type { ComponentOutput } from '../../src/node/desired.js';
import { contextOf, flatcar, LAB } from './fixture.js';
import { goldenVariant } from './golden-tree.js';

interface Variant {
  name: string;
  /** Files equal to this variant's are not recorded again. */
  parent?: string;
  kubernetes: string;
  controlPlanes: 1 | 3;
  traits: NodeTraits;
  spec?: (spec: ClusterSpec) => void;
}

const F22 = flatcar('2.2.5');
const F24 = flatcar('2.4.2');

/** Each minor on what its users run: the oldest on Debian's containerd, then Flatcar with the containerd of its time. */
const MINORS: [minor: string, kubernetes: string, traits: NodeTraits][] = [
  ['1.32', '1.32.13', LAB],
  ['1.33', '1.33.12', flatcar('1.7.21')],
  ['1.34', '1.34.10', flatcar('2.0.5')],
  ['1.35', '1.35.4', F22],
  ['1.36', '1.36.5', F22],
  ['1.37', '1.37.2', F24],
];

const VERSIONS: Variant[] = MINORS.flatMap(([minor, kubernetes, traits], index) => {
  const before = MINORS[index - 1]?.[0];
  const one: Variant = { name: `${minor}-1cp`, kubernetes, traits, controlPlanes: 1 };
  return [
    { ...one, ...(before && { parent: `${before}-1cp` }) },
    { ...one, name: `${minor}-3cp`, parent: `${minor}-1cp`, controlPlanes: 3 },
  ];
});

const NEW = { parent: '1.37-3cp', kubernetes: '1.37.2', controlPlanes: 3, traits: F24 } as const;
const FOUR_NAMESERVERS = { nameservers: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'], resolvConf: undefined };

const CONDITIONS: Variant[] = [
  { ...NEW, name: '1.37-3cp-taint', spec: (spec) => Object.assign(spec, { taintControlPlane: true }) },
  { ...NEW, name: '1.37-3cp-vxlan', spec: (spec) => Object.assign(spec.network, { mode: 'vxlan' }) },
  { ...NEW, name: '1.37-3cp-manifest', spec: (spec) => Object.assign(spec.network, { mode: 'manifest' }) },
  { ...NEW, name: '1.37-3cp-selinux', traits: { ...F24, selinux: 'enforcing' } },
  { ...NEW, name: '1.37-3cp-cgroup-v1', traits: { ...F24, cgroupVersion: 1, cgroupDriver: 'cgroupfs' } },
  { ...NEW, name: '1.37-3cp-nameservers', traits: { ...F24, ...FOUR_NAMESERVERS } },
  { ...NEW, name: '1.37-3cp-small', traits: { ...F24, memTotalBytes: 2 * 1024 ** 3, swap: true, hasNft: false } },
  {
    ...NEW,
    name: '1.37-3cp-configured',
    spec: (spec) => {
      spec.apiServer.audit = { policy: 'apiVersion: audit.k8s.io/v1\nkind: Policy\n', maxSizeMiB: 16, maxBackups: 2 };
      spec.apiServer.extraArgs = { v: '2', 'kubelet-preferred-address-types': 'Hostname', 'event-ttl': '30m' };
      spec.kubelet.extraConfig = { maxPods: 30, evictionHard: { 'memory.available': '1Gi' } };
      spec.kubeProxy.mode = 'nftables';
      spec.network.mtu = 1400;
    },
  },
];

describe.each([...VERSIONS, ...CONDITIONS])('generated files of $name', (variant) => {
  it.each(['s4', 's7'])('%s', (node) => {
    const files = describeOutput(componentsFor(contextOf(node, variant)));
    const golden = goldenVariant({ variants: [...VERSIONS, ...CONDITIONS], name: variant.name, node });
    if (process.env.UPDATE_GOLDEN) golden.write(files);
    expect(Object.fromEntries(files)).toEqual(Object.fromEntries(golden.read()));
  });
});

/** Path → text of every rendered file, and `INDEX`: what there is, in order, with modes and units. */
function describeOutput(components: ComponentOutput[]): Map<string, string> {
  const files = new Map<string, string>();
  const index = components.flatMap(({ component, files: componentFiles, units }) => {
    const lines = componentFiles.map((file) => {
      const shipped = file.content.kind === 'text' && isShippedScript(file.path, file.content.text);
      if (file.content.kind === 'text' && !shipped) files.set(file.path, file.content.text);
      const notes = [file.content.kind === 'artifact' && 'artifact', shipped && 'script', file.once && 'once'];
      return [`  ${file.mode.toString(8)} ${file.path}`, ...notes.filter(Boolean)].join(' ');
    });
    const unitLines = units.flatMap(({ name, inputs, disruption }) => [
      `  unit ${name} (disruption ${disruption}), restarted by`,
      ...inputs.map((path) => `    ${path}`),
    ]);
    return [component, ...lines, ...unitLines];
  });
  return files.set('INDEX', `${index.join('\n')}\n`);
}

/** Scripts are in the repository once already. */
function isShippedScript(path: string, text: string): boolean {
  if (!path.startsWith('/opt/bin/')) return false;
  const source = new URL(`../../manifests/node/${path.split('/').at(-1)}.bash`, import.meta.url);
  return readFileSync(source, 'utf8') === text;
}
