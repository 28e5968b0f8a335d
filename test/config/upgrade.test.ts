import { describe, expect, it } from 'vitest';
import { heldVersions } from '../../src/config/held-versions.js';
import { parseConfig } from '../../src/config/load.js';
import { resolveSpec } from '../../src/config/resolve.js';
import type { ClusterSpec } from '../../src/config/spec.js';
import {
  dnsImageOf,
  isMinorUpgrade,
  specOfComponent,
  stageAfter,
  UPGRADE_STAGES,
  type UpgradeRecord,
  type UpgradeStage,
  versionsInStage,
  versionsOf,
  withVersions,
} from '../../src/config/upgrade-stages.js';
import { upgradeTarget, upgradeVersion } from '../../src/config/upgrade-target.js';
import { versionRow } from '../../src/config/version-table.js';
import type { ComponentId } from '../../src/node/desired.js';
import { sampleSpec } from '../helpers/sample-facts.js';

/** A cluster with all that comes with this version. */
function clusterOf(kubernetes: string, more: Partial<ClusterSpec> = {}): ClusterSpec {
  const { etcd, cni, coredns, pause } = versionRow(kubernetes);
  const versions = {
    kubernetes,
    etcd,
    cni,
    sandboxImage: `registry.k8s.io/pause:${pause}`,
    dnsImage: `registry.k8s.io/coredns/coredns:${coredns}`,
  };
  return { ...withVersions(sampleSpec(), versions), ...more };
}

const FROM = versionsOf(clusterOf('1.36.5'));
const TO = versionsOf(clusterOf('1.37.2'));
const at = (stage: UpgradeStage): UpgradeRecord => ({ from: FROM, to: TO, stage, nodesAtOnce: 1 });

describe('the stages of an upgrade', () => {
  it.each<[UpgradeStage, ComponentId[]]>([
    ['etcd', ['etcd']],
    ['kube-apiserver', ['etcd', 'kube-apiserver']],
    ['controllers', ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']],
    [
      'nodes',
      ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'containerd'],
    ],
  ])('in %s these are new', (stage, expected) => {
    const all: ComponentId[] = [
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kubelet',
      'kube-proxy',
      'containerd',
    ];
    const spec = clusterOf('1.36.5');
    const isNew = (id: ComponentId) => specOfComponent(spec, at(stage), id).kubernetes === TO.kubernetes;
    expect(all.filter(isNew)).toEqual(expected);
    expect(dnsImageOf(spec, at(stage))).toBe(FROM.dnsImage);
  });

  it('the name servers come last, and without an upgrade nothing is other than the spec says', () => {
    const spec = clusterOf('1.36.5');
    expect(dnsImageOf(spec, at('dns'))).toBe(TO.dnsImage);
    expect(specOfComponent(spec, undefined, 'etcd')).toBe(spec);
    expect(dnsImageOf(spec, undefined)).toBe(FROM.dnsImage);
  });

  it('a snapshot that is taken while etcd changes is of the old Kubernetes, and later of the new one', () => {
    expect(versionsInStage(at('etcd'))).toEqual({ ...FROM, etcd: TO.etcd });
    for (const stage of UPGRADE_STAGES.slice(1)) expect(versionsInStage(at(stage))).toEqual(TO);
  });

  it('a stage in which nothing changes is passed over', () => {
    expect(stageAfter({ from: FROM, to: TO })).toBe('etcd');
    expect(stageAfter({ from: FROM, to: TO }, 'nodes')).toBe('dns');
    expect(stageAfter({ from: FROM, to: TO }, 'dns')).toBeUndefined();
    expect(stageAfter({ from: FROM, to: { ...FROM, kubernetes: '1.36.6' } })).toBe('kube-apiserver');
    expect(stageAfter({ from: FROM, to: { ...FROM, kubernetes: '1.36.6' } }, 'nodes')).toBeUndefined();
    expect(stageAfter({ from: FROM, to: { ...FROM, cni: '1.11.0' } })).toBe('nodes');
    expect(stageAfter({ from: FROM, to: FROM })).toBeUndefined();
  });

  it('nodes are drained for a minor alone', () => {
    expect(isMinorUpgrade({ from: FROM, to: TO })).toBe(true);
    expect(isMinorUpgrade({ from: FROM, to: { ...FROM, kubernetes: '1.36.10' } })).toBe(false);
  });
});

describe('where an upgrade leads', () => {
  const target = (recorded: ClusterSpec, to: string, yaml?: string, defaults = {}) =>
    upgradeTarget({
      recorded,
      kubernetes: upgradeVersion(to),
      defaults: { kubernetes: to, ...defaults },
      ...(yaml !== undefined && { file: parseConfig('c.yaml', yaml).config }),
    });
  const refusalOf = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return error;
    }
    throw new Error('it is accepted');
  };

  it('what came with the old version goes with the new one', () => {
    expect(target(clusterOf('1.36.5'), '1.37')).toEqual(TO);
    expect(target(clusterOf('1.35.4'), 'v1.36.5')).toEqual(FROM);
  });

  it('what a person chose stays, and nothing becomes older', () => {
    const own = clusterOf('1.36.5', { sandboxImage: 'site/pause:1', etcd: '3.7.3', cni: '1.11.0' });
    own.addons = { dns: { ...own.addons.dns, image: 'site/dns:1' } };
    expect(target(own, '1.37', undefined, { etcd: '3.7.1' })).toEqual({
      kubernetes: '1.37.2',
      etcd: '3.7.3',
      cni: '1.11.0',
      sandboxImage: 'site/pause:1',
      dnsImage: 'site/dns:1',
    });
    expect(target(clusterOf('1.36.5'), '1.37', 'etcd: {version: 3.7.1}\nsandboxImage: site/pause:2')).toMatchObject({
      etcd: '3.7.1',
      sandboxImage: 'site/pause:2',
    });
  });

  it.each<[string, string, string, string, string?]>([
    ['upgrade-backwards', '1.37.2', '1.36', 'is older'],
    ['upgrade-backwards', '1.36.5', '1.36.4', 'is older'],
    ['upgrade-skips-minor', '1.35.4', '1.37', 'a minor is left out'],
    ['upgrade-skips-etcd-minor', '1.33.12', '1.34', 'from etcd 3.5.33 to 3.7.3', 'etcd: {version: 3.7.3}'],
    ['upgrade-backwards', '1.37.2', '1.37.2', 'etcd.version says 3.6.16', 'etcd: {version: 3.6.16}'],
  ])('%s: from %s to %s', (code, from, to, message, yaml) => {
    expect(refusalOf(() => target(clusterOf(from), to, yaml))).toMatchObject({
      code,
      exit: 5,
      message: expect.stringContaining(message),
    });
  });

  it.each(['3.7.0', '3.8.0'])('an etcd that no cluster may run is refused before it is recorded: %s', (version) => {
    const yaml = `etcd: {version: ${version}}`;
    const refused = refusalOf(() => target(clusterOf('1.36.5'), '1.37', yaml));
    expect(refused).toMatchObject({ code: 'etcd-version-unsupported', exit: 2 });
  });

  it('flags of etcd that end with 3.7 are named', () => {
    const own = clusterOf('1.36.5');
    own.etcdServer = { ...own.etcdServer, extraArgs: { 'experimental-warning-apply-duration': '1s' } };
    const message = expect.stringContaining('does not accept --experimental-warning-apply-duration');
    expect(refusalOf(() => target(own, '1.37'))).toMatchObject({ exit: 2, message });
    expect(target(own, '1.36.9').etcd).toBe('3.6.16');
  });

  it('a flag that the new version does not accept is named before anything is stopped', () => {
    const own = clusterOf('1.36.5');
    own.controllerManager = { ...own.controllerManager, extraArgs: { 'concurrent-service-syncs': '2' } };
    expect(refusalOf(() => target(own, '1.37'))).toMatchObject({
      exit: 2,
      message: expect.stringContaining('concurrent-service-syncs'),
    });
  });

  it.each(['1.20', '1.99.1', '2.0.0', 'newest', '1.37.2-rc.1'])('%s is no version to go to', (asked) => {
    expect(refusalOf(() => upgradeVersion(asked))).toMatchObject({ code: 'kubernetes-version-unsupported', exit: 2 });
  });
});

describe('a config file', () => {
  const held = (yaml: string, recorded: ClusterSpec, upgrade?: UpgradeRecord) => {
    const { input, notes } = heldVersions({
      file: parseConfig('c.yaml', yaml),
      flags: {},
      recorded,
      ...(upgrade && { upgrade }),
    });
    return [input.file?.config.kubernetes, input.file?.config.etcd?.version, notes.map(({ message }) => message)];
  };

  it('that is older than the cluster is told so, and is no downgrade', () => {
    expect(held('kubernetes: 1.36.5\netcd: {version: 3.6.16}', clusterOf('1.37.2'))).toEqual([
      undefined,
      undefined,
      [
        'c.yaml:1:13 kubernetes says 1.36.5, and the cluster runs 1.37.2: change that line',
        'c.yaml:2:17 etcd.version says 3.6.16, and the cluster runs 3.7.3: change that line',
      ],
    ]);
  });

  it('that is newer, or the same, says what it says', () => {
    expect(held('kubernetes: 1.37.2', clusterOf('1.36.5'))).toEqual(['1.37.2', undefined, []]);
    expect(held('kubernetes: 1.36.5', clusterOf('1.36.5'))).toEqual(['1.36.5', undefined, []]);
  });

  it('may say where an upgrade leads that is about to begin, and the run before it leaves the cluster as it is', () => {
    const recorded = clusterOf('1.36.5');
    const file = parseConfig('c.yaml', 'kubernetes: 1.37.2\netcd: {version: 3.7.3}');
    const defaults = { kubernetes: '1.36.5' };
    const upgradingTo = { kubernetes: '1.37.2', etcd: '3.7.3' };
    expect(resolveSpec({ file, flags: {}, recorded, upgradingTo, defaults }).spec).toMatchObject({
      kubernetes: '1.36.5',
      etcd: '3.6.16',
    });
    expect(() => resolveSpec({ file, flags: {}, recorded, defaults })).toThrow(
      expect.objectContaining({
        code: 'recorded-cluster-differs',
        detail: expect.stringContaining('k8s-diskless upgrade alone changes it'),
        hint: expect.stringContaining('k8s-diskless upgrade'),
      }),
    );
  });

  it.each(['1.36.5', '1.37.2'])('may say either version in the middle of an upgrade: %s', (version) => {
    const [kubernetes, , notes] = held(`kubernetes: ${version}`, clusterOf('1.36.5', { etcd: '3.7.3' }), at('etcd'));
    expect(kubernetes === undefined || kubernetes === '1.36.5').toBe(true);
    expect(notes).toEqual([
      'the upgrade from Kubernetes 1.36.5 to 1.37.2 goes on: etcd, one control plane after the other',
    ]);
  });

  it('and so may a flag', () => {
    const { input } = heldVersions({
      flags: { kubernetes: 'v1.37.2', hosts: 's4' },
      recorded: clusterOf('1.36.5'),
      upgrade: at('etcd'),
    });
    expect(input.flags).toEqual({ hosts: 's4' });
  });
});
