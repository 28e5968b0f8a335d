import { describe, expect, it } from 'vitest';
import type { NetworkSpec, ProxyMode } from '../../src/config/spec.js';
import type { NodeFacts } from '../../src/facts/facts.js';
import { crossPreflight, type NodeIdentity } from '../../src/plan/cross-preflight.js';
import type { PreflightInput } from '../../src/plan/finding.js';
import { preflight } from '../../src/plan/preflight.js';
import { sampleFacts, sampleMount, sampleNode, sampleSpec } from '../helpers/sample-facts.js';

const MIB = 1024 ** 2;
const MARKER: NodeFacts['marker'] = { clusterId: 'c', incarnation: 1, files: [], units: {}, images: [] };

function inputOf(facts: Partial<NodeFacts>, changes: Partial<PreflightInput> = {}): PreflightInput {
  return {
    spec: sampleSpec(),
    node: sampleNode(),
    facts: sampleFacts(facts),
    push: { binaryBytes: 400 * MIB, imageBytes: 0 },
    ...changes,
  };
}

function check(facts: Partial<NodeFacts>, changes: Partial<PreflightInput> = {}) {
  return preflight(inputOf(facts, changes)).map(({ code, severity }) => `${severity} ${code}`);
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
    ['no iptables, which kube-proxy runs by default', { tools: { ...tools, iptables: false } }, 'error tools-missing'],
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
    ['an sshd that opens one session', { opensOneSession: true }, 'error sessions-too-few'],
    ['an sshd that forwards nothing', { forwardsNothing: true }, 'error forwarding-forbidden'],
    ['swap', { swap: true }, 'warning swap'],
    ['/opt that executes nothing', { mounts: { '/opt': sampleMount({ noExec: true }) } }, 'error no-exec'],
    ['/var on an overlay', { mounts: { '/var': sampleMount({ fstype: 'overlay' }) } }, 'error containers-on-overlay'],
    ['a nameserver of its own', { nameservers: ['127.0.0.1'] }, 'warning nameservers-none'],
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
      'warning route-around',
    ],
    ['a taken port', { listeners: [{ port: 6443, process: 'nginx' }] }, 'error port-taken'],
  ];
  it.each(cases)('finds %s', (_title, facts, expected) => {
    expect(check(facts)).toContain(expected);
  });

  it('has nothing against routes and ports that are ours, also where the marker that says so was removed', () => {
    const ours = {
      routes: [{ destination: '10.244.9.0/24', via: '10.146.225.9', link: 'eth0' }],
      listeners: [{ port: 6443, process: 'kube-apiserver' }],
    };
    expect(check(ours)).toEqual(['error route-overlap', 'error port-taken']);
    const links = [
      { name: 'eth0', mtu: 1500 },
      { name: 'kd-api', mtu: 1500 },
    ];
    expect(check({ ...ours, links })).toEqual([]);
  });

  it.each([
    ['1.2.6', ['error containerd-too-old']],
    ['1.5.11', ['error containerd-too-old']],
    ['1.6.0', []],
    ['2.4.2', []],
    ['', []],
  ])('on containerd %j: %j', (version, expected) => {
    const containerd = { present: true, version, active: true, images: [] };
    expect(check({ containerd })).toEqual(expected);
  });

  it('needs no forwarding by a worker', () => {
    const node = sampleNode({ role: 'worker' });
    expect(check({ forwardsNothing: true }, { node })).toEqual([]);
  });

  it('has nothing against either cgroup version', () => {
    expect([...check({ cgroupVersion: 1 }), ...check({ cgroupVersion: 2 })]).toEqual([]);
  });

  it('leaves a clock alone that NTP keeps, and doubts the operator', () => {
    const [finding] = preflight(inputOf({ clockSkewMs: 3600_000, clockSynchronized: true }));
    expect(finding).toMatchObject({ code: 'clock-skew', severity: 'warning', hint: expect.stringMatching(/operator/) });
    expect(check({ clockSkewMs: 86_400_000, clockSynchronized: true })).toEqual(['error clock-skew']);
  });

  it('reports a clock some seconds off, and sets it only from half a minute on', () => {
    expect(check({ clockSkewMs: -4_000 })).toEqual([]);
    expect(check({ clockSkewMs: -6_000 })).toEqual(['warning clock-skew']);
    expect(check({ clockSkewMs: -31_000 })).toEqual(['warning clock-set']);
  });

  describe('room for images', () => {
    const opt = sampleMount({ path: '/opt', availableBytes: 700 * MIB });
    const disk = sampleMount({ path: '/var', fstype: 'ext4', availableBytes: 900 * MIB });
    const push = { binaryBytes: 400 * MIB, imageBytes: 300 * MIB };

    it('is needed three times where everything lies in one filesystem', () => {
      const root = sampleMount({ availableBytes: 1500 * MIB });
      expect(check({ mounts: { '/': root, '/opt': root, '/var': root } }, { push })).toEqual([
        'error too-little-space',
      ]);
      const roomy = sampleMount({ availableBytes: 1600 * MIB });
      expect(check({ mounts: { '/': roomy, '/opt': roomy, '/var': roomy } }, { push })).toEqual([]);
    });

    it('is needed in each filesystem for what lies there', () => {
      const found = (mounts: NodeFacts['mounts']) =>
        preflight(inputOf({ mounts }, { push })).map(({ message }) => message.slice(0, message.indexOf(' has')));
      expect(found({ '/opt': opt, '/var': disk })).toEqual(['/opt (tmpfs)']);
      const roomy = { ...opt, availableBytes: 800 * MIB };
      expect(found({ '/opt': roomy, '/var': disk })).toEqual([]);
      expect(found({ '/opt': roomy, '/var': { ...disk, availableBytes: 800 * MIB } })).toEqual(['/var (ext4)']);
    });

    it('costs no memory on a disk', () => {
      const mounts = { '/opt': { ...opt, availableBytes: 3000 * MIB }, '/var': disk };
      const memory = { memAvailableBytes: 1700 * MIB };
      expect(check({ ...memory, mounts }, { push })).toEqual([]);
      expect(check(memory, { push })).toEqual(['error too-little-memory']);
    });
  });

  it('asks for what the mode of kube-proxy needs, and names one that would work', () => {
    const inMode = (mode: ProxyMode, facts: Partial<NodeFacts>) =>
      check(facts, { spec: sampleSpec({ kubeProxy: { mode } }) });
    expect(inMode('nftables', { tools: { ...tools, iptables: false } })).toEqual([]);
    expect(inMode('nftables', { tools: { ...tools, nft: false } })).toEqual(['error tools-missing']);
    const ipvs = { features: { ...sampleFacts().features, ip_vs: true }, tools: { ...tools, ipset: true } };
    expect(inMode('ipvs', ipvs)).toEqual([]);
    expect(inMode('ipvs', {})).toEqual(['error tools-missing', 'error kernel-features']);
    const [finding] = preflight(inputOf({ tools: { ...tools, iptables: false } }));
    expect(finding?.hint).toBe('set kubeProxy.mode to nftables in the config file');
    expect(preflight(inputOf({ tools: { ...tools, iptables: false, nft: false } }))[0]?.hint).toBeUndefined();
  });

  it('asks iptables for the rules of kube-proxy only where it makes any with it', () => {
    const facts = { xtablesFail: 'unknown option "--mode"' };
    const inMode = (mode: ProxyMode) => preflight(inputOf(facts, { spec: sampleSpec({ kubeProxy: { mode } }) }));
    expect(inMode('nftables')).toEqual([]);
    expect(inMode('iptables')).toMatchObject([
      { code: 'xtables', severity: 'error', hint: expect.stringContaining('nftables') },
    ]);
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
    expect(check(running, { push: { binaryBytes: 0, imageBytes: 0 } })).toEqual([]);
  });

  it('asks a worker for less than a control plane', () => {
    const memory = { memAvailableBytes: 800 * MIB };
    const push = { binaryBytes: 150 * MIB, imageBytes: 0 };
    expect(check(memory, { node: sampleNode({ role: 'worker' }), push })).toEqual([]);
    expect(check(memory, { push })).toEqual(['error too-little-memory']);
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
  const codes = (nodes: NodeIdentity[], mode: NetworkSpec['mode'] = 'routed') =>
    Object.fromEntries(
      [...crossPreflight(nodes, { mode })].map(([name, found]) => [name, found.map(({ code }) => code)]),
    );

  it('accepts distinct nodes, several of them called localhost', () => {
    expect(codes([identity('s4', { hostname: 'localhost' }), identity('s5', { hostname: 'localhost' })])).toEqual({});
  });

  it('finds nodes on another link than most, which routes to pods do not lead to', () => {
    const on = (name: string, nodeIp: string, network: string): NodeIdentity => identity(name, { nodeIp, network });
    const two = [on('s4', '10.0.0.4', '10.0.0.0/24'), on('s5', '10.0.0.5', '10.0.0.0/24')];
    const nodes = [...two, on('s6', '10.2.0.6', '10.2.0.0/24')];
    expect(codes(nodes)).toEqual({ s6: ['other-link'] });
    expect(codes(nodes, 'vxlan')).toEqual({});
    // On the same link, with a wider prefix.
    expect(codes([...two, on('s6', '10.0.0.6', '10.0.0.0/16')])).toEqual({});
    expect(codes([on('s4', '100.64.0.4', '100.64.0.4/32'), on('s5', '100.64.0.5', '100.64.0.5/32')])).toEqual({
      s4: ['other-link'],
      s5: ['other-link'],
    });
    expect(codes([on('s4', '10.0.0.4', '10.0.0.0/24'), identity('s5')])).toEqual({});
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
