import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Segment, type Station } from './netns/segment.js';

const script = fileURLToPath(new URL('../../manifests/node/k8s-diskless-node.bash', import.meta.url));
const serverScript = fileURLToPath(new URL('netns/server.mjs', import.meta.url));
const CLUSTER = '10.244.0.0/16';
const SERVICES = '10.96.0.0/16';

/** A node, the pod CIDR it was allocated, and one pod on it. */
interface Member {
  node: Station;
  cidr: string;
  pod: Station;
}

describe.each([
  ['routed', 'nft'],
  ['routed', 'iptables'],
  ['vxlan', 'nft'],
  ['vxlan', 'iptables'],
] as const)('pod network %s with %s', (mode, backend) => {
  let segment: Segment;
  let dir: string;
  let members: [Member, Member, Member];
  let outside: Station;

  beforeAll(async () => {
    segment = await Segment.create();
    dir = await mkdtemp(join(tmpdir(), 'node-network-'));
    members = [await member('s4', 4), await member('s5', 5), await member('s6', 6)];
    outside = await segment.station('out', '10.77.0.200/24');
    await Promise.all([outside, ...members.flatMap(({ node, pod }) => [node, pod])].map(serve));
  });

  afterAll(async () => {
    await segment.remove();
    await rm(dir, { recursive: true });
  });

  async function member(name: string, number: number): Promise<Member> {
    const node = await segment.station(name, `10.77.0.${number}/24`);
    const cidr = `10.244.${number}.0/24`;
    const pod = await segment.pod(node, `p${number}`, `10.244.${number}.2/24`, `10.244.${number}.1/24`);
    return { node, cidr, pod };
  }

  const serve = (station: Station) =>
    station.start(process.execPath, [serverScript, station.name, '8080']).line(/listening/);

  const who = async (from: Station, to: Station) =>
    JSON.parse(await from.exec('curl', '--silent', '--max-time', '5', `http://${to.address}:8080/who`));

  /** Runs the node script on a member that knows these others. */
  async function apply({ node, cidr }: Member, others: Member[], verb = 'apply'): Promise<string> {
    const lines = [
      ...[`mode ${mode}`, `backend ${backend}`, `node-ip ${node.address}`, `pod-cidr ${cidr}`],
      ...[`cluster-cidr ${CLUSTER}`, `service-cidr ${SERVICES}`, 'api-address 169.254.77.1', 'link eth0', 'mtu 1450'],
      ...others.map((other) => `peer ${other.node.name} ${other.node.address} ${other.cidr}`),
    ];
    const file = (name: string, text: string) => writeFile(join(dir, name), text);
    await file(`${node.name}.conf`, `${lines.join('\n')}\n`);
    await file('modules', '# built in here\n');
    await file('sysctls', 'net.ipv4.ip_forward=1\nnet.bridge.bridge-nf-call-iptables=1\nno.such.key=1\n');
    const variables = [`K8S_DISKLESS_NODE_CONFIG=${join(dir, `${node.name}.conf`)}`];
    variables.push(`K8S_DISKLESS_MODULES=${join(dir, 'modules')}`, `K8S_DISKLESS_SYSCTLS=${join(dir, 'sysctls')}`);
    return node.exec('env', ...variables, 'bash', script, verb);
  }

  const others = (one: Member) => members.filter((each) => each !== one);
  const applyAll = () => Promise.all(members.map((each) => apply(each, others(each))));

  it('carries pod to pod with its source, and masquerades only what leaves the cluster', async () => {
    await applyAll();
    const [s4, s5, s6] = members;
    expect(await who(s4.pod, s5.pod)).toEqual({ name: 'p5', client: s4.pod.address });
    expect(await who(s6.pod, s4.pod)).toEqual({ name: 'p4', client: s6.pod.address });
    expect(await who(s4.pod, outside)).toEqual({ name: 'out', client: s4.node.address });
    // Through the tunnel the answer would come another way than the question.
    const seen = mode === 'routed' ? s4.pod.address : s4.node.address;
    expect(await who(s4.pod, s5.node)).toEqual({ name: 's5', client: seen });
    expect(await who(s4.pod, s4.node)).toEqual({ name: 's4', client: s4.pod.address });
    const host = mode === 'routed' ? s4.node.address : '10.244.4.0';
    expect(await who(s4.node, s5.pod)).toEqual({ name: 'p5', client: host });
  });

  it('gives host processes a way to ClusterIPs and to the API address', async () => {
    const [s4] = members;
    await apply(s4, []);
    const route = await s4.node.exec('ip', 'route', 'get', '10.96.0.1');
    expect(route).toContain(`dev kd-api src ${s4.node.address}`);
    expect(await who(s4.node, { ...s4.node, address: '169.254.77.1' })).toMatchObject({ name: 's4' });
  });

  it('lets a ClusterIP rule lead a host process to a pod on another node', async () => {
    await applyAll();
    const [s4, s5] = members;
    const rule = ['-d', '10.96.0.9', '-p', 'tcp', '--dport', '8080', '-j', 'DNAT', '--to', `${s5.pod.address}:8080`];
    await s4.node.exec('iptables', '-t', 'nat', '-A', 'OUTPUT', ...rule);
    expect(await who(s4.node, { ...s5.pod, address: '10.96.0.9' })).toMatchObject({ name: 'p5' });
  });

  it('run again, adds and removes exactly what differs, and open connections stay', async () => {
    const [s4, s5, s6] = members;
    await Promise.all([apply(s4, [s5]), apply(s5, [s4])]);
    const watch = s4.pod.start('curl', ['--silent', '--no-buffer', `http://${s5.pod.address}:8080/watch`]);
    await watch.line(/p5 \d/);
    const before = await state(s4);

    await applyAll();
    expect(await who(s6.pod, s4.pod)).toEqual({ name: 'p4', client: s6.pod.address });
    await Promise.all([apply(s4, [s5]), apply(s5, [s4])]);
    expect(await state(s4)).toEqual(before);
    const count = await s4.pod.exec('curl', '--silent', `http://${s5.pod.address}:8080/count`);
    await watch.line(new RegExp(`^p5 ${Number(count) + 1}$`));
    await watch.stop();
  });

  it('tells what is not so any more, and nothing else', async () => {
    await applyAll();
    const [s4, s5] = members;
    const check = () => apply(s4, others(s4), 'check');
    expect(await check()).toBe('');
    const before = await state(s4);
    await s4.node.exec('ip', 'route', 'delete', s5.cidr);
    await s4.node.exec('ip', 'address', 'flush', 'dev', 'kd-api');
    await s4.node.exec('ip', 'address', 'add', '10.244.77.1/24', 'dev', 'cni0');
    await s4.node.exec('iptables', '-F', 'FORWARD');
    const told = (await check()).trim().split('\n');
    expect(told).toEqual(
      expect.arrayContaining([
        `route to ${s5.cidr} is missing`,
        'address 169.254.77.1/32 on kd-api is missing',
        'address 10.244.77.1/24 on cni0 is not wanted',
        'the rules of K8S-DISKLESS-FORWARD are missing',
      ]),
    );
    // The kernel takes the route of services with the address.
    expect(told).toHaveLength(5);
    await applyAll();
    expect(await check()).toBe('');
    expect(await state(s4)).toEqual(before);
    if (mode !== 'vxlan') return;
    await s4.node.exec('ip', 'link', 'delete', 'kd-vxlan');
    expect(await check()).toContain('link kd-vxlan is missing\n');
    await applyAll();
    expect(await check()).toBe('');
    await s4.node.exec(
      'sh',
      '-c',
      `bridge fdb delete $(bridge fdb show dev kd-vxlan | grep ${s5.node.address} | cut -d ' ' -f 1) dev kd-vxlan dst ${s5.node.address} self`,
    );
    expect(await check()).toBe(`the tunnel to ${s5.node.address} is missing\n`);
    await applyAll();
    expect(await who(s4.pod, s5.pod)).toEqual({ name: 'p5', client: s4.pod.address });
  });

  /**
   * Everything the script is answerable for, as the kernel shows it: IPv4 addresses without their link's
   * state, since the kernel settles states and link-local IPv6 in its own time; and sorted where the kernel lists a hash table, whose order it may change at any time.
   */
  async function state({ node }: Member): Promise<Record<string, string[]>> {
    const unordered = [
      'ip -4 -oneline address',
      'ip route',
      'ip -4 neighbour show nud permanent',
      'bridge fdb show dev kd-vxlan',
    ];
    const ordered = ['iptables -S FORWARD'];
    ordered.push(backend === 'nft' ? 'nft list table ip k8s_diskless_pods' : 'iptables -t nat -S POSTROUTING');
    const lines = async (command: string) => {
      const shown = await node.exec('sh', '-c', `${command} 2>/dev/null || true`);
      return [command, unordered.includes(command) ? shown.split('\n').sort() : shown.split('\n')] as const;
    };
    return Object.fromEntries(await Promise.all([...unordered, ...ordered].map(lines)));
  }
});

describe('node script', () => {
  it('says why it cannot make a node of a machine that does not forward', async () => {
    const segment = await Segment.create();
    const dir = await mkdtemp(join(tmpdir(), 'node-network-'));
    try {
      const node = await segment.station('s4', '10.77.0.4/24');
      await writeFile(join(dir, 'node.conf'), 'mode routed\n');
      await writeFile(join(dir, 'empty'), '');
      await node.exec('sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward');
      const variables = ['NODE_CONFIG=node.conf', 'MODULES=empty', 'SYSCTLS=empty'].map((each) =>
        `K8S_DISKLESS_${each}`.replace('=', `=${dir}/`),
      );
      await expect(node.exec('env', ...variables, 'bash', script)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('net/ipv4/ip_forward is not 1'),
      });
    } finally {
      await segment.remove();
      await rm(dir, { recursive: true });
    }
  });
});
