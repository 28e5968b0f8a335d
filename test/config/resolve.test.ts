import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { resolveSpec } from '../../src/config/resolve.js';
import type { ClusterSpec } from '../../src/config/spec.js';
import type { SpecFlags } from '../../src/config/spec-flags.js';
import type { DisklessError } from '../../src/errors.js';

interface Given extends SpecFlags {
  yaml?: string;
  recorded?: ClusterSpec;
  newCluster?: boolean;
  defaults?: Parameters<typeof resolveSpec>[0]['defaults'];
}

function resolve({ yaml, recorded, newCluster, defaults = { kubernetes: '1.37.2' }, ...flags }: Given) {
  const file = yaml === undefined ? undefined : parseConfig('c.yaml', yaml);
  return resolveSpec({ file, flags, recorded, newCluster, defaults });
}

const specOf = (given: Given): ClusterSpec => resolve(given).spec;
const notesOf = (given: Given): string[] => resolve(given).notes.map(({ code, host = '' }) => `${code} ${host}`.trim());
const rolesOf = ({ nodes }: ClusterSpec): string[] =>
  nodes.map(({ name, role, podCidr }) => `${name} ${role === 'worker' ? 'W' : 'CP'} ${podCidr}`);

function refused(given: Given): DisklessError {
  try {
    resolve(given);
  } catch (error) {
    return error as DisklessError;
  }
  throw new Error('it is accepted');
}

const three = specOf({ hosts: 's4,s5,s6', defaults: { kubernetes: '1.37.2', etcd: '3.7.3' } });
const one = specOf({ hosts: 's4,s5,s6', controlPlane: 's4' });

describe('a new cluster', () => {
  test('has all defaults', () => {
    expect(specOf({ hosts: 's4,s5' })).toEqual({
      name: 'default',
      kubernetes: '1.37.2',
      etcd: '3.7.3',
      cni: '1.10.0',
      nodes: [
        { name: 's4', role: 'control-plane', ssh: { host: 's4' }, labels: {}, podCidr: '10.244.0.0/24' },
        { name: 's5', role: 'worker', ssh: { host: 's5' }, labels: {}, podCidr: '10.244.1.0/24' },
      ],
      network: {
        mode: 'routed',
        podCidr: '10.244.0.0/16',
        nodePrefix: 24,
        serviceCidr: '10.96.0.0/16',
        apiAddress: '169.254.77.1',
        clusterDomain: 'cluster.local',
        dnsAddress: '10.96.0.10',
      },
      taintControlPlane: false,
      readyTimeout: 180_000,
      apiServer: { port: 6443, extraSans: [], extraArgs: {} },
      controllerManager: { extraArgs: {} },
      scheduler: { extraArgs: {} },
      kubelet: { extraConfig: {} },
      kubeProxy: { mode: 'iptables' },
      etcdServer: { extraArgs: {}, quotaBackendBytes: 2 ** 30 },
      sandboxImage: 'registry.k8s.io/pause:3.10.2',
      addons: { dns: { enabled: true, image: 'registry.k8s.io/coredns/coredns:v1.14.6', replicas: 2 } },
      backup: { keep: 24, keepDays: 30, copyPlain: false, copyKeep: 24, copyKeepDays: 30 },
    });
  });

  test.each([
    ['s4', ['s4 CP 10.244.0.0/24']],
    ['s5,s4', ['s5 CP 10.244.0.0/24', 's4 W 10.244.1.0/24']],
    ['s6,s4,s5,s7', ['s6 CP 10.244.0.0/24', 's4 CP 10.244.1.0/24', 's5 CP 10.244.2.0/24', 's7 W 10.244.3.0/24']],
  ])('--hosts %s: of three or more the first three are control planes, else the first', (hosts, expected) => {
    expect(rolesOf(specOf({ hosts }))).toEqual(expected);
    expect(notesOf({ hosts })).toEqual(['control-planes-chosen']);
  });

  test('--control-plane overrides, also the file', () => {
    const yaml = 'hosts: [s4, s5, {name: s6, role: worker}]\ncontrolPlane: [s4]';
    expect(rolesOf(specOf({ yaml, controlPlane: 's6' }))).toEqual([
      's4 W 10.244.0.0/24',
      's5 W 10.244.1.0/24',
      's6 CP 10.244.2.0/24',
    ]);
    expect(notesOf({ yaml, controlPlane: 's6' })).toEqual([]);
  });

  test.each([
    ['hosts: [s4, s5, {name: s6, role: control-plane}]', ['W', 'W', 'CP']],
    ['hosts: [{name: s4, role: worker}, s5, s6]', ['W', 'CP', 'W']],
    ['hosts: [{name: s4, role: worker}, s5, s6, s7]', ['W', 'CP', 'CP', 'CP']],
    ['hosts: [s4, s5, s6]\ncontrolPlane: [s5]', ['W', 'CP', 'W']],
  ])('roles of the file: %s', (yaml, roles) => {
    expect(rolesOf(specOf({ yaml })).map((text) => text.split(' ')[1])).toEqual(roles);
  });

  test('versions of --artifacts come before those of the table, those of the file before both', () => {
    const defaults = {
      kubernetes: '1.37.2',
      etcd: '3.7.3',
      cni: '1.1.1',
      sandboxImage: 'pause:lab',
      dnsImage: 'dns:lab',
    };
    const { kubernetes, etcd, cni, sandboxImage, addons } = specOf({ hosts: 's4', defaults });
    expect({ kubernetes, etcd, cni, sandboxImage, dnsImage: addons.dns.image }).toEqual(defaults);
    const yaml = 'hosts: [s4]\nkubernetes: 1.33.12\netcd: {version: 3.5.33}\nsandboxImage: own/pause:1';
    expect(specOf({ yaml, defaults })).toMatchObject({
      kubernetes: '1.33.12',
      etcd: '3.5.33',
      sandboxImage: 'own/pause:1',
    });
    expect(specOf({ yaml, defaults, kubernetes: 'v1.34.10' }).kubernetes).toBe('1.34.10');
  });

  test('what the file says', () => {
    const yaml = `
cluster: lab
hosts:
  - {name: s4, address: 10.0.0.4, port: 2222, nodeIp: 10.1.0.4, labels: {rack: 1}, mac: "52:54:00:12:34:56"}
  - root@s5
ssh: {user: core}
taintControlPlane: true
network: {mode: vxlan, podCidr: 10.10.0.0/16, nodePrefix: 25, serviceCidr: 10.11.0.0/20, mtu: 1400, nodeCidr: 10.1.0.0/16}
apiServer: {port: 8443, extraSans: [lab.example.org], extraArgs: {v: 2}, audit: {policy: /p.yaml}}
kubelet: {extraConfig: {maxPods: 20}}
etcd: {extraArgs: {snapshot-count: 5000}, quotaBackendBytes: 536870912}
addons: {dns: {enabled: false}}
`;
    const spec = specOf({ yaml });
    expect(spec.nodes).toEqual([
      {
        name: 's4',
        role: 'control-plane',
        ssh: { host: '10.0.0.4', port: 2222, user: 'core' },
        nodeIp: '10.1.0.4',
        mac: '52:54:00:12:34:56',
        labels: { rack: '1' },
        podCidr: '10.10.0.0/25',
      },
      { name: 's5', role: 'worker', ssh: { host: 's5', user: 'root' }, labels: {}, podCidr: '10.10.0.128/25' },
    ]);
    expect(spec).toMatchObject({
      name: 'lab',
      taintControlPlane: true,
      network: { mode: 'vxlan', dnsAddress: '10.11.0.10', mtu: 1400, nodeCidr: '10.1.0.0/16' },
      apiServer: { port: 8443, extraArgs: { v: '2' }, audit: { policy: '/p.yaml', maxSizeMiB: 16, maxBackups: 2 } },
      kubelet: { extraConfig: { maxPods: 20 } },
      etcdServer: { extraArgs: { 'snapshot-count': '5000' }, quotaBackendBytes: 536870912 },
      addons: { dns: { enabled: false } },
    });
  });

  test('--hosts replaces the list of the file, and keeps what it says about each host', () => {
    const yaml = 'hosts: [{name: s4, address: 10.0.0.4, labels: {a: b}}, s5]';
    const [s4, s6] = specOf({ yaml, hosts: 's4,s6=10.0.0.6' }).nodes;
    expect(s4).toMatchObject({ ssh: { host: '10.0.0.4' }, labels: { a: 'b' } });
    expect(s6).toMatchObject({ name: 's6', ssh: { host: '10.0.0.6' }, labels: {} });
    expect(specOf({ yaml, hosts: 's4=elsewhere' }).nodes[0]).toMatchObject({
      ssh: { host: 'elsewhere' },
      labels: { a: 'b' },
    });
  });
});

describe('a recorded cluster', () => {
  test('without any list it is used as it is', () => {
    expect(resolve({ recorded: three })).toEqual({ spec: three, notes: [] });
    const ssh = { connectTimeout: 3_000 };
    expect(resolve({ recorded: three, yaml: 'ssh: {connectTimeout: 3s}' })).toEqual({
      spec: { ...three, ssh },
      notes: [],
    });
  });

  test('neither the order of the list nor newer defaults change it', () => {
    const defaults = { kubernetes: '1.37.2', etcd: '3.7.3', cni: '9.9.9', sandboxImage: 'new', dnsImage: 'new' };
    expect(resolve({ recorded: three, hosts: 's6,s5,s4', defaults })).toEqual({ spec: three, notes: [] });
    expect(resolve({ recorded: three, yaml: 'hosts: [s6, s5, s4]', defaults })).toEqual({ spec: three, notes: [] });
  });

  test('how serve works stays known until a file says otherwise', () => {
    const serving = specOf({ recorded: three, yaml: 'serve: {page: {listen: "127.0.0.1:9000"}}' });
    expect(serving).toEqual({ ...three, serve: { page: { listen: '127.0.0.1:9000' } } });
    expect(specOf({ recorded: serving })).toEqual(serving);
    expect(specOf({ recorded: serving, yaml: 'network: {mtu: 1400}' }).serve).toBeUndefined();
  });

  test('how machines boot stays known until a file says otherwise', () => {
    const booting = specOf({ recorded: three, yaml: 'boot: {os: fcos, rootSize: 6G}' });
    expect(booting).toEqual({ ...three, boot: { os: 'fcos', rootSize: '6G' } });
    expect(specOf({ recorded: booting })).toEqual(booting);
    expect(specOf({ recorded: booting, yaml: 'boot: {os: flatcar}' }).boot).toEqual({ os: 'flatcar' });
    expect(specOf({ recorded: booting, yaml: 'hosts: [s4, s5, s6]' }).boot).toBeUndefined();
  });

  test('equal values may be repeated', () => {
    const yaml = 'kubernetes: 1.37.2\ncontrolPlane: [s6, s5, s4]\nnetwork: {mode: routed, podCidr: 10.244.0.0/16}';
    expect(
      specOf({ recorded: three, yaml, controlPlane: 's[4-6]', kubernetes: 'v1.37.2', cluster: 'default' }),
    ).toEqual(three);
  });

  test('a new host is a worker with the next free pod CIDR, wherever it stands', () => {
    const given = { recorded: three, hosts: 's3,s4,s5,s6,s7' };
    expect(rolesOf(specOf(given)).slice(3)).toEqual(['s3 W 10.244.3.0/24', 's7 W 10.244.4.0/24']);
    expect(notesOf(given)).toEqual(['host-added s3', 'host-added s7']);
  });

  test('a pod CIDR that became free is given again first', () => {
    const recorded = { ...one, nodes: one.nodes.filter(({ name }) => name !== 's5') };
    expect(rolesOf(specOf({ recorded, hosts: 's4,s6,s7,s8' })).slice(1)).toEqual([
      's6 W 10.244.2.0/24',
      's7 W 10.244.1.0/24',
      's8 W 10.244.3.0/24',
    ]);
  });

  test.each([
    [{ hosts: 's[4-8]', controlPlane: 's[4-8]' }],
    [{ hosts: 's[7-8]', controlPlane: 's[4-8]' }],
    [{ yaml: 'hosts: ["s[4-8]"]\ncontrolPlane: [s4, s5, s6, s7, s8]' }],
    [{ yaml: 'hosts: ["s[4-6]", {name: s7, role: control-plane}, {name: s8, role: control-plane}]' }],
  ])('new hosts become control planes when they are named: %j', (given) => {
    const roles = specOf({ recorded: three, ...given }).nodes.map(({ role }) => role);
    expect(roles).toEqual(Array(5).fill('control-plane'));
  });

  test('a host off the list stays, and is reported', () => {
    const given = { recorded: three, hosts: 's4,s6' };
    expect(specOf(given)).toEqual(three);
    expect(notesOf(given)).toEqual(['host-not-listed s5']);
  });

  test('an address given once is remembered until another is given', () => {
    const recorded = specOf({ hosts: 's4=core@10.0.0.4:2222,s5' });
    expect(specOf({ recorded, hosts: 's4,s5' })).toEqual(recorded);
    expect(specOf({ recorded, hosts: 's4=10.0.0.40,s5' }).nodes[0]?.ssh).toEqual({ host: '10.0.0.40' });
    expect(specOf({ recorded, yaml: 'hosts: [s4, s5]' }).nodes[0]?.ssh).toEqual({ host: 's4' });
  });

  test('what is taken out of the file is gone; what the file never said stays', () => {
    const yaml =
      'hosts: [s4]\napiServer: {extraArgs: {v: 5}, extraSans: [a.b]}\ntaintControlPlane: true\nreadyTimeout: 8m\nkubeProxy: {mode: ipvs}';
    const recorded = specOf({ yaml });
    expect(recorded.readyTimeout).toBe(480_000);
    expect(specOf({ recorded })).toEqual(recorded);
    expect(specOf({ recorded, readyTimeout: 90_000 }).readyTimeout).toBe(90_000);
    expect(specOf({ recorded, yaml: 'hosts: [s4]' })).toEqual({
      ...recorded,
      apiServer: { port: 6443, extraSans: [], extraArgs: {} },
      taintControlPlane: false,
      readyTimeout: 180_000,
    });
    expect(specOf({ recorded, taintControlPlane: false }).taintControlPlane).toBe(false);
  });
});

describe('changes an existing cluster cannot follow (exit 5)', () => {
  test.each<[Given, string]>([
    [
      { kubernetes: '1.36.5' },
      '--kubernetes: is recorded as 1.37.2 and would become 1.36.5: k8s-diskless upgrade alone changes it',
    ],
    [{ yaml: 'kubernetes: 1.37.3' }, 'c.yaml:1:13 kubernetes: is recorded as 1.37.2 and would become 1.37.3'],
    [{ yaml: 'etcd: {version: 3.7.4}' }, 'c.yaml:1:17 etcd.version: is recorded as 3.7.3'],
    [{ yaml: 'network: {mode: vxlan}' }, 'c.yaml:1:17 network.mode: is recorded as routed and would become vxlan'],
    [{ yaml: 'network: {podCidr: 10.9.0.0/16}' }, 'c.yaml:1:20 network.podCidr: is recorded as 10.244.0.0/16'],
    [{ yaml: 'network: {nodePrefix: 25}' }, 'c.yaml:1:23 network.nodePrefix: is recorded as 24'],
    [{ yaml: 'network: {serviceCidr: 10.97.0.0/16}' }, 'c.yaml:1:24 network.serviceCidr: is recorded as 10.96.0.0/16'],
    [{ yaml: 'network: {dnsAddress: 10.96.0.11}' }, 'network.dnsAddress: is recorded as 10.96.0.10'],
    [{ yaml: 'network: {clusterDomain: lab.local}' }, 'network.clusterDomain: is recorded as cluster.local'],
    [{ yaml: 'network: {apiAddress: 169.254.7.7}' }, 'network.apiAddress: is recorded as 169.254.77.1'],
    [{ yaml: 'apiServer: {port: 443}' }, 'apiServer.port: is recorded as 6443 and would become 443'],
    [{ yaml: 'kubeProxy: {mode: ipvs}' }, 'kubeProxy.mode: is recorded as iptables'],
    [{ cluster: 'other' }, '--cluster: is recorded as default and would become other'],
  ])('%j', (given, message) => {
    const error = refused({ recorded: three, ...given });
    expect(error).toMatchObject({ code: 'recorded-cluster-differs', exit: 5 });
    expect(error.message).toContain(message);
  });

  test.each<[Given, string]>([
    [{ controlPlane: 's5' }, 's4 is recorded as a control-plane and would become a worker'],
    [{ yaml: 'hosts: [{name: s4, role: worker}, s5, s6]' }, 's4 is recorded as a control-plane'],
  ])('a role: %j', (given, message) => {
    const error = refused({ recorded: one, ...given });
    expect(error).toMatchObject({ code: 'recorded-cluster-differs', exit: 5 });
    expect([error.message, error.detail].join('\n')).toContain(message);
  });
});

describe('a new cluster in the place of the recorded one', () => {
  const old: ClusterSpec = {
    ...specOf({ hosts: 's4,s5,s6', yaml: 'network: {podCidr: 10.9.0.0/16}\nkubeProxy: {mode: ipvs}' }),
    kubernetes: '1.20.2',
    etcd: '3.4.23',
    cni: '1.1.1',
    sandboxImage: 'registry.k8s.io/pause:3.2',
    addons: { dns: { enabled: true, image: 'registry.k8s.io/coredns:1.7.0', replicas: 3 } },
  };

  test('has the versions and images of a new one; all else stays', () => {
    const { spec, notes } = resolve({ recorded: old, newCluster: true, kubernetes: '1.36.5' });
    expect(spec).toEqual({
      ...old,
      kubernetes: '1.36.5',
      etcd: '3.6.16',
      cni: '1.10.0',
      sandboxImage: 'registry.k8s.io/pause:3.10.2',
      addons: { dns: { enabled: true, image: 'registry.k8s.io/coredns/coredns:v1.14.2', replicas: 3 } },
    });
    expect(notes).toEqual([
      {
        code: 'new-cluster',
        message:
          'a new cluster of Kubernetes 1.36.5 with etcd 3.6.16 in place of the recorded one of Kubernetes 1.20.2 with etcd 3.4.23',
      },
    ]);
    expect(specOf({ recorded: old, newCluster: true }).kubernetes).toBe('1.37.2');
  });

  test('takes versions of the file, and of the artifacts directory', () => {
    const yaml = 'kubernetes: 1.35.4\netcd: {version: 3.6.11}';
    expect(specOf({ recorded: old, newCluster: true, yaml })).toMatchObject({ kubernetes: '1.35.4', etcd: '3.6.11' });
    const defaults = { kubernetes: '1.34.10', etcd: '3.5.33', cni: '1.9.1' };
    expect(specOf({ recorded: old, newCluster: true, defaults })).toMatchObject(defaults);
  });

  test('cannot change what PKI and addresses are built on either', () => {
    const error = refused({ recorded: old, newCluster: true, yaml: 'network: {podCidr: 10.244.0.0/16}' });
    expect(error).toMatchObject({ code: 'recorded-cluster-differs', exit: 5 });
  });

  test('is any cluster where nothing is recorded', () => {
    expect(resolve({ hosts: 's4', newCluster: true })).toEqual(resolve({ hosts: 's4' }));
  });
});

describe('refused input (exit 2)', () => {
  test.each<[Given, string]>([
    [{}, 'no hosts are given, and no cluster "default" is recorded'],
    [{ cluster: 'lab' }, 'no cluster "lab" is recorded'],
    [{ hosts: 's4,,' }, '--hosts'],
    [
      { hosts: 's4,s5', controlPlane: 's4,s5' },
      '--control-plane: 2 control planes: an etcd of 2 survives the loss of 0',
    ],
    [{ hosts: 's[1-6]', controlPlane: 's[1-6]' }, 'use 5 or 7'],
    [{ hosts: 's4,s5', controlPlane: 's6' }, '--control-plane: s6 is not among the hosts; did you mean "s4"?'],
    [{ hosts: 's4,s5', controlPlane: 's4=10.0.0.4' }, '--control-plane: position 1: only a node name'],
    [{ hosts: 's4', kubernetes: '1.99.0' }, '--kubernetes: Kubernetes version "1.99.0" is not in the version table'],
    [{ hosts: 's4', kubernetes: 'newest' }, '--kubernetes: Kubernetes version "newest"'],
    [{ hosts: 's4=10.0.0.4,s5=10.0.0.4' }, '--hosts: s5 has the same SSH destination as s4: 10.0.0.4'],
    [{ hosts: 's4=10.96.3.4' }, '--hosts: the address 10.96.3.4 of s4 lies inside network.serviceCidr 10.96.0.0/16'],
    [{ hosts: 's4,s5,s6,s7', controlPlane: 's[4-7]', recorded: three }, '--control-plane: 4 control planes'],
    [{ hosts: 's4', yaml: 'network: {podCidr: 10.0.0.0/26, nodePrefix: 24}' }, 'has room for 0 nodes of /24, 1 are'],
  ])('%j', (given, message) => {
    const error = refused(given);
    expect(error.exit).toBe(2);
    expect(error.message).toContain(message);
  });

  test('a list of hosts teaches', () => expect(refused({}).hint).toContain('k8s-diskless up --hosts s4,s5,s6'));
});

describe('workers that become control planes', () => {
  test.each<Given>([
    { controlPlane: 's4,s5,s6' },
    { hosts: 's4,s5,s6', controlPlane: 's4,s5,s6' },
    { yaml: 'controlPlane: [s4, s5, s6]' },
    { yaml: 'hosts: [s4, {name: s5, role: control-plane}, {name: s6, role: control-plane}]' },
  ])('%j', (given) => {
    const { spec, notes } = resolve({ recorded: one, ...given });
    expect(rolesOf(spec)).toEqual(rolesOf(three));
    expect(notes.map(({ code, host }) => `${code} ${host}`)).toEqual(['host-promoted s5', 'host-promoted s6']);
  });

  test('as many as make an odd number', () => {
    expect(refused({ recorded: one, controlPlane: 's4,s5' })).toMatchObject({ code: 'config-invalid', exit: 2 });
  });
});

describe('nodes that were removed', () => {
  const two = { ...three, nodes: three.nodes.slice(0, 2) };
  const [, , left] = three.nodes;

  test('an even number of control planes is told of where it is recorded, and refused where it is asked for', () => {
    expect(resolve({ recorded: two }).notes).toEqual([
      { code: 'control-planes-even', message: expect.stringContaining('2 control planes') },
    ]);
    expect(refused({ hosts: 's4,s5', controlPlane: 's4,s5' })).toMatchObject({ exit: 2 });
  });

  test('one whose removal was cut off is told of, and not taken in before that is done', () => {
    const leaving = left ? [left] : [];
    const given = { flags: {}, recorded: two, leaving, defaults: { kubernetes: '1.37.2' } };
    expect(resolveSpec(given).notes.map(({ code, host }) => `${code} ${host}`)).toContain('node-leaving s6');
    expect(() => resolveSpec({ ...given, flags: { hosts: 's4,s5,s6' } })).toThrow(
      expect.objectContaining({ code: 'node-leaving', exit: 5 }),
    );
  });
});
