import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { refusedFlags } from '../../src/config/refused-flags.js';
import { resolveSpec } from '../../src/config/resolve.js';
import type { DisklessError } from '../../src/errors.js';

interface Given {
  kubernetes: string;
  yaml: string;
}

function resolve({ kubernetes, yaml }: Given) {
  const file = parseConfig('c.yaml', `hosts: [s4]\n${yaml}\n`);
  return resolveSpec({ file, flags: {}, defaults: { kubernetes } });
}

/** What is said of bad input, a line for each problem. */
function refused(attempt: () => unknown): string[] {
  try {
    attempt();
  } catch (error) {
    const { exit, code, message, detail } = error as DisklessError;
    expect({ exit, code }).toEqual({ exit: 2, code: 'config-invalid' });
    return (detail ?? message).split('\n');
  }
  throw new Error('it is accepted');
}

const problemsOf = (given: Given): string[] => refused(() => resolve(given));

describe('a flag', () => {
  test('that was removed is named with its place and the last version that had it', () => {
    const yaml = 'controllerManager:\n  extraArgs: {v: 2, concurrent-service-syncs: 2}';
    expect(problemsOf({ kubernetes: '1.37.2', yaml })).toEqual([
      'c.yaml:3:47 controllerManager.extraArgs.concurrent-service-syncs: kube-controller-manager 1.37.2 does not accept ' +
        '--concurrent-service-syncs: 1.36 was the last that did; take it out',
    ]);
    expect(() => resolve({ kubernetes: '1.36.0', yaml })).not.toThrow();
  });

  test('that comes later is named with the first version that has it', () => {
    const yaml = 'scheduler: {extraArgs: {tls-curve-preferences: X25519}}';
    expect(problemsOf({ kubernetes: '1.35.4', yaml })).toEqual([
      'c.yaml:2:48 scheduler.extraArgs.tls-curve-preferences: kube-scheduler 1.35.4 does not accept ' +
        '--tls-curve-preferences: 1.36 is the first that does; take it out',
    ]);
  });

  test('that never was one is named with the nearest, if there is any', () => {
    const yaml = 'apiServer: {extraArgs: {event-tll: 1h, sing: x}}';
    expect(problemsOf({ kubernetes: '1.37.2', yaml })).toEqual([
      expect.stringContaining('kube-apiserver 1.37.2 does not accept --event-tll: did you mean "event-ttl"?'),
      expect.stringContaining('does not accept --sing: no Kubernetes of 1.32 to 1.37 does; take it out'),
    ]);
  });

  test('that is deprecated or hidden is accepted as the program accepts it, and so is one of our own', () => {
    const yaml = 'apiServer: {extraArgs: {log-flush-frequency: 5s, profiling: true}}';
    expect(resolve({ kubernetes: '1.37.2', yaml }).spec.apiServer.extraArgs).toHaveProperty('profiling', 'true');
  });
});

describe('a flag of a later patch release than the listed one', () => {
  const kubernetes = '1.36.99';

  test('may be one that the list has not', () => {
    const yaml = 'apiServer: {extraArgs: {backported: x, feature-gates: Backported=true}}';
    expect(() => resolve({ kubernetes, yaml })).not.toThrow();
  });

  test('is refused where it was removed before', () => {
    const yaml =
      'apiServer: {extraArgs: {cloud-provider: x, feature-gates: "SizeMemoryBackedVolumes=true,KubeletTracing=false"}}';
    expect(problemsOf({ kubernetes, yaml })).toEqual([
      expect.stringContaining('kube-apiserver 1.36.99 does not accept --cloud-provider: 1.32 was the last that did'),
      expect.stringContaining('SizeMemoryBackedVolumes: 1.34 was the last that did'),
      expect.stringContaining('refuses the feature gate KubeletTracing=false'),
    ]);
  });
});

test.each([
  ['secure-port', 'apiServer.port'],
  ['advertise-address', 'nodeIp of the host'],
  ['service-cluster-ip-range', 'network.serviceCidr'],
])('--%s of kube-apiserver is what a key says', (flag, key) => {
  expect(problemsOf({ kubernetes: '1.37.2', yaml: `apiServer: {extraArgs: {${flag}: x}}` })).toEqual([
    expect.stringContaining(`apiServer.extraArgs.${flag}: --${flag} is what ${key} says: set that; take it out`),
  ]);
});

test('kube-controller-manager and kube-scheduler have a --secure-port of their own', () => {
  const yaml = 'controllerManager: {extraArgs: {secure-port: 20257}}\nscheduler: {extraArgs: {secure-port: 20259}}';
  expect(() => resolve({ kubernetes: '1.37.2', yaml })).not.toThrow();
});

describe('a feature gate', () => {
  const yaml = `apiServer:
  extraArgs:
    feature-gates: "AllAlpha=false,UserNamespacesPodSecurityStandards=true"
kubelet:
  extraConfig:
    featureGates:
      KubeletTracing: false
      NodeSwap: true
      NodeSwapp: true`;

  test('that was removed, is locked, or never was one, is named with its place', () => {
    expect(problemsOf({ kubernetes: '1.36.5', yaml })).toEqual([
      'c.yaml:4:20 apiServer.extraArgs.feature-gates: kube-apiserver 1.36.5 does not know the feature gate ' +
        'UserNamespacesPodSecurityStandards: 1.34 was the last that did; take it out',
      'c.yaml:8:23 kubelet.extraConfig.featureGates.KubeletTracing: kubelet 1.36.5 refuses the feature gate ' +
        'KubeletTracing=false: it is GA and locked to true since 1.34; take it out',
      'c.yaml:10:18 kubelet.extraConfig.featureGates.NodeSwapp: kubelet 1.36.5 does not know the feature gate NodeSwapp: ' +
        'did you mean "NodeSwap"?',
    ]);
    expect(problemsOf({ kubernetes: '1.34.0', yaml })).toHaveLength(2);
  });

  test('is neither true nor false', () => {
    const gates = { kubernetes: '1.36.5', yaml: 'scheduler: {extraArgs: {feature-gates: AllBeta}}' };
    expect(problemsOf(gates)).toEqual([
      'c.yaml:2:40 scheduler.extraArgs.feature-gates: the feature gate AllBeta must be true or false',
    ]);
  });

  test.each(['AllBeta=true', '[AllBeta]', 'true'])(
    'of the kubelet stands in a mapping, which %s is not',
    (featureGates) => {
      expect(
        problemsOf({ kubernetes: '1.36.5', yaml: `kubelet: {extraConfig: {featureGates: ${featureGates}}}` }),
      ).toEqual([
        'c.yaml:2:39 kubelet.extraConfig.featureGates: feature gates must be a mapping of names to true or false',
      ]);
    },
  );

  test('of the kubelet is a boolean, not a text that says so', () => {
    const yaml = 'kubelet: {extraConfig: {featureGates: {AllBeta: "true"}}}';
    expect(problemsOf({ kubernetes: '1.36.5', yaml })).toEqual([
      'c.yaml:2:49 kubelet.extraConfig.featureGates.AllBeta: the feature gate AllBeta must be true or false',
    ]);
  });

  test('that stands for all alpha or beta ones is accepted, and so is none', () => {
    const yaml = 'scheduler: {extraArgs: {feature-gates: "AllAlpha=true,AllBeta=false"}}\n';
    for (const gates of ['{AllAlpha: true, AllBeta: false}', '{}', 'null', '']) {
      const given = { kubernetes: '1.36.5', yaml: `${yaml}kubelet: {extraConfig: {featureGates: ${gates}}}` };
      expect(() => resolve(given)).not.toThrow();
    }
  });

  test('is not held to the locks of a version that is not the emulated one', () => {
    const args = (more: string) => `apiServer: {extraArgs: {feature-gates: KubeletTracing=false${more}}}`;
    expect(problemsOf({ kubernetes: '1.36.5', yaml: args('') })).toHaveLength(1);
    expect(() => resolve({ kubernetes: '1.36.5', yaml: args(', emulated-version: "1.33"') })).not.toThrow();
  });
});

describe('what an earlier run recorded', () => {
  const { spec } = resolve({
    kubernetes: '1.34.10',
    yaml: 'apiServer: {extraArgs: {feature-gates: SizeMemoryBackedVolumes=true}}',
  });

  test('is accepted by the version it was recorded with', () => {
    expect(() => resolveSpec({ recorded: spec, flags: {}, defaults: { kubernetes: '1.37.2' } })).not.toThrow();
  });

  test('is held against the version of a new cluster, and a config file without it is the remedy', () => {
    const asked = { recorded: spec, newCluster: true, defaults: { kubernetes: '1.37.2' } };
    const flags = { kubernetes: '1.36.5' };
    expect(refused(() => resolveSpec({ ...asked, flags }))).toEqual([
      'apiServer.extraArgs.feature-gates: kube-apiserver 1.36.5 does not know the feature gate SizeMemoryBackedVolumes: ' +
        '1.34 was the last that did, and had it GA and locked to true; it is recorded, and gone with a config file (--config) without it',
    ]);
    const file = parseConfig('c.yaml', 'hosts: [s4]\n');
    expect(resolveSpec({ ...asked, flags, file }).spec.apiServer.extraArgs).toEqual({});
  });

  test('is not judged by a version that no list is of', () => {
    expect(refusedFlags({ ...spec, kubernetes: '1.38.0' }, { recorded: true })).toEqual([]);
  });
});
