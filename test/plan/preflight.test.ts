import { describe, expect, it } from 'vitest';
import type { NodeFacts } from '../../src/facts/facts.js';
import { crossPreflight, type NodeIdentity } from '../../src/plan/cross-preflight.js';
import { type PreflightInput, preflight } from '../../src/plan/preflight.js';
import { sampleFacts, sampleMount, sampleNode, sampleSpec } from '../helpers/sample-facts.js';

const MIB = 1024 ** 2;
const MARKER: NodeFacts['marker'] = { clusterId: 'c', incarnation: 1, files: [], units: {}, images: [] };

function check(facts: Partial<NodeFacts>, changes: Partial<PreflightInput> = {}) {
  const input: PreflightInput = {
    spec: sampleSpec(),
    node: sampleNode(),
    facts: sampleFacts(facts),
    criApi: 'v1',
    minor: 28,
    pushBytes: 400 * MIB,
    ...changes,
  };
  return preflight(input).map(({ code, severity }) => `${severity} ${code}`);
}

describe('preflight', () => {
  it('has nothing to say about a healthy node', () => {
    expect(check({})).toEqual([]);
  });

  const full = sampleMount({ availableBytes: 100 * MIB });
  const crowded = sampleMount({ inodesFree: 10 });
  const readOnly = sampleMount({ path: '/etc', readOnly: true });
  const tools = sampleFacts().tools;
  const cases: [string, Partial<NodeFacts>, string][] = [
    ['a foreign architecture', { arch: 'riscv64' }, 'error architecture'],
    ['no curl', { tools: { ...tools, curl: false } }, 'error tools-missing'],
    ['neither nft nor iptables', { tools: { ...tools, nft: false } }, 'error tools-missing'],
    ['no overlay', { features: { br_netfilter: true, nf_conntrack: true } }, 'error kernel-features'],
    ['too little memory', { memAvailableBytes: 900 * MIB }, 'error too-little-memory'],
    ['a full tmpfs', { mounts: { '/': full, '/opt': full } }, 'error too-little-space'],
    ['no inodes', { mounts: { '/': crowded, '/opt': crowded } }, 'error too-few-inodes'],
    ['a read-only /etc', { mounts: { '/etc': readOnly } }, 'error read-only'],
    ['a clock a minute off that we may set', { clockSkewMs: 60_000 }, 'warning clock-set'],
    [
      'a clock a minute off that we may not set',
      { clockSkewMs: -60_000, capabilities: { sysResource: true, sysTime: false } },
      'warning clock-skew',
    ],
    [
      'a clock a day off that we may not set',
      { clockSkewMs: 86_400_000, capabilities: { sysResource: true, sysTime: false } },
      'error clock-skew',
    ],
    [
      'no containerd',
      { containerd: { present: false, version: '', active: false, images: [] } },
      'error containerd-missing',
    ],
    [
      'an old containerd',
      { containerd: { present: true, version: '1.4.1', active: true, images: [] } },
      'error containerd-too-old',
    ],
    ['swap', { swap: true }, 'warning swap'],
    ['four nameservers', { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] }, 'warning nameservers'],
    ['no nameserver', { nameservers: [] }, 'warning nameservers-none'],
    ['the host name localhost', { hostname: 'localhost' }, 'warning hostname'],
    [
      'a route inside the pod network',
      { routes: [{ destination: '10.244.9.0/24', link: 'eth1' }] },
      'error route-overlap',
    ],
    [
      'a route around the service network',
      { routes: [{ destination: '10.0.0.0/8', link: 'eth1' }] },
      'error route-overlap',
    ],
    ['a taken port', { listeners: [{ port: 6443, process: 'nginx' }] }, 'error port-taken'],
  ];
  it.each(cases)('finds %s', (_title, facts, expected) => {
    expect(check(facts)).toContain(expected);
  });

  it('finds a containerd without the CRI that an old kubelet speaks', () => {
    const containerd = { present: true, version: '2.1.5', active: true, images: [] };
    expect(check({ containerd }, { criApi: 'v1alpha2', minor: 20 })).toContain('error containerd-too-new');
  });

  it('needs vxlan only in vxlan mode', () => {
    const features = { overlay: true, br_netfilter: true, nf_conntrack: true };
    const spec = sampleSpec();
    expect(check({ features })).toEqual([]);
    expect(check({ features }, { spec: { ...spec, network: { ...spec.network, mode: 'vxlan' } } })).toEqual([
      'error kernel-features',
    ]);
  });

  it('does not hold our own ports and routes against a node that runs them', () => {
    const running = {
      marker: MARKER,
      listeners: [{ port: 6443, process: 'kube-apiserver' }],
      routes: [
        { destination: '10.244.1.0/24', via: '10.146.225.5', link: 'eth0' },
        { destination: '10.244.0.0/24', link: 'cni0' },
        { destination: '10.96.0.0/16', link: 'kd-api' },
      ],
    };
    expect(check(running, { pushBytes: 0 })).toEqual([]);
  });

  it('asks a worker for less than a control plane', () => {
    const memory = { memAvailableBytes: 800 * MIB };
    expect(check(memory, { node: sampleNode({ role: 'worker' }), pushBytes: 150 * MIB })).toEqual([]);
    expect(check(memory, { pushBytes: 150 * MIB })).toEqual(['error too-little-memory']);
  });

  it('reports everything at once', () => {
    expect(check({ arch: 'mips', swap: true, hostname: 'localhost', clockSkewMs: 7_000 })).toHaveLength(4);
  });
});

describe('crossPreflight', () => {
  const identity = (name: string, changes: Partial<NodeIdentity> = {}): NodeIdentity => ({
    name,
    nodeIp: `10.0.0.${name.length}${name.slice(1)}`,
    hostname: name,
    bootId: `boot-${name}`,
    ...changes,
  });
  const codes = (nodes: NodeIdentity[]) =>
    Object.fromEntries([...crossPreflight(nodes)].map(([name, found]) => [name, found.map(({ code }) => code)]));

  it('accepts distinct nodes, several of them called localhost', () => {
    expect(codes([identity('s4', { hostname: 'localhost' }), identity('s5', { hostname: 'localhost' })])).toEqual({});
  });

  it('finds one machine behind two names', () => {
    expect(codes([identity('s4'), identity('s5', { bootId: 'boot-s4' }), identity('s6')])).toEqual({
      s4: ['same-machine'],
      s5: ['same-machine'],
    });
  });

  it('finds one address or one host name twice', () => {
    expect(codes([identity('s4'), identity('s5', { nodeIp: identity('s4').nodeIp, hostname: 's4' })])).toEqual({
      s4: ['duplicate-address', 'duplicate-hostname'],
      s5: ['duplicate-address', 'duplicate-hostname'],
    });
  });
});
