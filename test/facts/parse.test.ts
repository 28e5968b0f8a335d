import { describe, expect, it } from 'vitest';
import { parseFacts } from '../../src/facts/parse.js';

const HASH = 'a'.repeat(64);

/** What a node of the lab answers, section by section. */
const SECTIONS: Record<string, string> = {
  started: '1795255200.000000000',
  'boot-id': '11111111-2222-3333-4444-555555555555',
  'machine-id': '0123456789abcdef0123456789abcdef',
  'machine-uuid': '4C4C4544-0035-4D10-8052-B4C04F4D3332',
  cards: 'eth0',
  uname: 's4 6.12.1-flatcar x86_64',
  'os-release': 'ID=flatcar\nVERSION_ID=4593.2.5\nPRETTY_NAME="Flatcar Container Linux 4593.2.5 (Oklo)"\n',
  meminfo: 'MemTotal:        8388608 kB\nMemFree:  100 kB\nMemAvailable:    7340032 kB\n',
  swaps: 'Filename\tType\tSize\tUsed\tPriority',
  filesystems: 'nodev\ttmpfs\nnodev\toverlay\n\text4',
  mountinfo: [
    '21 1 0:20 / / rw,relatime - tmpfs rootfs rw,size=4g',
    '22 21 7:0 / /usr ro,relatime - squashfs /dev/loop0 ro',
    '23 21 8:1 / /opt rw,relatime - ext4 /dev/sda1 ro',
  ].join('\n'),
  disk: '/ / tmpfs 4294967296 3221225472 1000000 990000\n/opt /opt ext4 1000 900 0 0',
  addresses: [
    '1: lo    inet 127.0.0.1/8 scope host lo',
    '2: eth0    inet 10.146.225.4/24 brd 10.146.225.255 scope global eth0',
    '2: eth0    inet6 fe80::1/64 scope link',
    '3: tun0    inet 10.8.0.1 peer 10.8.0.2/32 scope global tun0',
  ].join('\n'),
  links:
    '1: lo: <LOOPBACK> mtu 65536 qdisc noqueue\n2: eth0@if7: <BROADCAST,UP> mtu 1450 qdisc noqueue\\    link/ether 52:54:00:12:34:04 brd ff:ff:ff:ff:ff:ff',
  routes: [
    'default via 10.146.225.1 dev eth0',
    '10.146.225.0/24 dev eth0 proto kernel scope link src 10.146.225.4',
    '192.0.2.7 via 10.146.225.2 dev eth0',
    'blackhole 198.51.100.0/24',
  ].join('\n'),
  ssh: '10.146.225.1 40022 10.146.225.4 22',
  resolv: '/etc/resolv.conf\nsearch lab\nnameserver 10.146.225.1\n# nameserver 192.0.2.1\nnameserver fd00::53',
  synchronized: 'yes',
  cgroup: 'cgroup2fs',
  selinux: '1',
  capabilities: '0000000001000000',
  conntrack: 'yes',
  tools: 'tar\nzstd\nnft',
  features: 'br_netfilter\nip_vs',
  xtables:
    'refused: Warning: Extension statistic revision 0 not supported, missing kernel module?\niptables-restore: line 9 failed',
  'containerd-version': 'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1',
  units: [
    'Id=etcd.service\nActiveState=active\nSubState=running',
    'Id=containerd.service\nActiveState=active\nSubState=running',
  ].join('\n\n'),
  images: 'registry.k8s.io/pause:3.6\nk8s-diskless.test/echo:1',
  'images-listed': '',
  listeners: [
    'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=9,fd=3))',
    'LISTEN 0 128 [::]:2379 [::]:*',
    'LISTEN 0 128 *:10256 *:* users:(("kube-proxy",pid=7,fd=3))',
  ].join('\n'),
  'etcd-data': 'present',
  'etcd-marker': 'cafe 3',
  'marker-cluster': 'cafe 3',
  'marker-files': [
    `${HASH} 644 5:1:2:3 - /etc/kubernetes/a b`,
    `${'b'.repeat(64)} 600 5:9:9:9 - /etc/kubernetes/a b`,
    `${HASH} 755 7:1:2:3 - /opt/bin/gone`,
    `${HASH} 755 7:1:2:3 - `,
    `${HASH.slice(1)} 755 cut off`,
  ].join('\n'),
  'marker-stat': '600 5:9:9:10 /etc/kubernetes/a b',
  'marker-units': 'etcd.service f1',
  'marker-images': `${HASH}\n${HASH}`,
  finished: '1795255200.500000000',
};

function parse(changes: Record<string, string | undefined> = {}) {
  const sections = Object.entries({ ...SECTIONS, ...changes }).flatMap(([name, body]) =>
    body === undefined ? [] : [`\n@@${name}\n${body}`],
  );
  return parseFacts({
    host: 's4',
    output: `motd of the shell\n${sections.join('')}\n`,
    operatorClockMs: 1795255199_000,
  });
}

describe('parseFacts', () => {
  it('reads the machine', () => {
    expect(parse()).toMatchObject({
      bootId: '11111111-2222-3333-4444-555555555555',
      hostname: 's4',
      kernel: '6.12.1-flatcar',
      machine: { macs: ['52:54:00:12:34:04'], uuid: '4c4c4544-0035-4d10-8052-b4c04f4d3332' },
      arch: 'x86_64',
      os: { id: 'flatcar', versionId: '4593.2.5', name: 'Flatcar Container Linux 4593.2.5 (Oklo)', variantId: '' },
      memTotalBytes: 8 * 1024 ** 3,
      memAvailableBytes: 7 * 1024 ** 3,
      swap: false,
      cgroupVersion: 2,
      selinux: 'enforcing',
      capabilities: { sysResource: true, sysTime: false },
      canSetConntrack: true,
      tools: { tar: true, zstd: true, nft: true },
      features: { br_netfilter: true, ip_vs: true, overlay: true },
      xtablesFail:
        'Warning: Extension statistic revision 0 not supported, missing kernel module? iptables-restore: line 9 failed',
    });
  });

  it('measures the clock at half the script', () => {
    expect(parse()).toMatchObject({ clockSkewMs: 1250, clockSynchronized: true });
    expect(parse({ synchronized: '' }).clockSynchronized).toBe(false);
  });

  it('reads filesystems, read-only by mount or by superblock', () => {
    const { mounts } = parse();
    expect(mounts['/']).toEqual({
      path: '/',
      fstype: 'tmpfs',
      readOnly: false,
      noExec: false,
      sizeBytes: 4 * 1024 ** 3,
      availableBytes: 3 * 1024 ** 3,
      inodes: 1_000_000,
      inodesFree: 990_000,
    });
    expect(mounts['/opt']).toMatchObject({ fstype: 'ext4', readOnly: true });
  });

  it('reads the network', () => {
    expect(parse()).toMatchObject({
      addresses: [
        { link: 'lo', address: '127.0.0.1', prefix: 8, family: 4 },
        { link: 'eth0', address: '10.146.225.4', prefix: 24, family: 4 },
        { link: 'eth0', address: 'fe80::1', prefix: 64, family: 6 },
        { link: 'tun0', address: '10.8.0.1', prefix: 32, family: 4 },
      ],
      links: [
        { name: 'lo', mtu: 65536 },
        { name: 'eth0', mtu: 1450 },
      ],
      routes: [
        { destination: 'default', via: '10.146.225.1', link: 'eth0' },
        { destination: '10.146.225.0/24', link: 'eth0' },
        { destination: '192.0.2.7/32', via: '10.146.225.2', link: 'eth0' },
      ],
      sshAddress: '10.146.225.4',
      nameservers: ['10.146.225.1', 'fd00::53'],
      resolvConf: '/etc/resolv.conf',
      listeners: [
        { port: 22, process: 'sshd' },
        { port: 2379, process: '' },
        { port: 10256, process: 'kube-proxy' },
      ],
    });
  });

  it('knows a node without a resolv.conf from one that names no server', () => {
    expect(parse({ resolv: '' })).not.toHaveProperty('resolvConf');
    expect(parse({ resolv: '/etc/resolv.conf' })).toMatchObject({ resolvConf: '/etc/resolv.conf', nameservers: [] });
  });

  it('knows a containerd without images from one that could not be asked', () => {
    expect(parse().containerd).toEqual({
      present: true,
      version: '1.6.20',
      active: true,
      images: ['registry.k8s.io/pause:3.6', 'k8s-diskless.test/echo:1'],
    });
    expect(parse({ images: '' }).containerd.images).toEqual([]);
    expect(parse({ images: '', 'images-listed': undefined }).containerd).not.toHaveProperty('images');
    expect(parse({ 'containerd-version': '' }).containerd).toMatchObject({ present: false, version: '' });
  });

  it('tells a unit that is masked', () => {
    const units = 'Id=etcd.service\nLoadState=masked\nActiveState=inactive\nSubState=dead';
    expect(parse({ units }).units['etcd.service']).toMatchObject({ masked: true, active: 'inactive' });
    expect(parse().units['etcd.service']).toMatchObject({ masked: false, active: 'active' });
  });

  it("reads etcd's data and whose they are", () => {
    const incarnation = { clusterId: 'cafe', incarnation: 3 };
    expect(parse().etcdData).toEqual({ present: true, marker: 'cafe 3', ...incarnation });
    const marker = 'cafe 3 learner cafe-12';
    expect(parse({ 'etcd-marker': marker }).etcdData).toEqual({
      present: true,
      marker,
      ...incarnation,
      role: 'learner',
      token: 'cafe-12',
    });
    for (const [words, more] of [
      ['begun', { open: false }],
      ['open', { open: true }],
      ['open 17', { open: true, memberId: '17' }],
    ] as const) {
      expect(parse({ 'etcd-marker': `${marker} ${words}` }).etcdData).toMatchObject({ token: 'cafe-12', ...more });
    }
    expect(parse({ 'etcd-marker': 'somebody else' }).etcdData).toEqual({ present: true, marker: 'somebody else' });
    expect(parse({ 'etcd-data': 'present\n4096\t/var/lib/etcd/member\n1764561600' }).etcdData).toMatchObject({
      bytes: 4096,
      writtenAt: new Date('2025-12-01T04:00:00Z'),
    });
    expect(parse({ 'etcd-data': '', 'etcd-marker': '' }).etcdData).toEqual({ present: false });
  });

  it('reads the marker: the last line of a path counts, one that was cut off does not', () => {
    const { marker } = parse();
    expect(marker).toMatchObject({
      clusterId: 'cafe',
      incarnation: 3,
      units: { 'etcd.service': 'f1' },
      images: [HASH],
    });
    expect(marker?.files).toEqual([
      {
        path: '/etc/kubernetes/a b',
        sha256: 'b'.repeat(64),
        mode: 0o600,
        stamp: '5:9:9:9',
        currentStamp: '5:9:9:10',
        currentMode: 0o600,
      },
      { path: '/opt/bin/gone', sha256: HASH, mode: 0o755, stamp: '7:1:2:3' },
    ]);
    expect(parse({ 'marker-cluster': '' })).not.toHaveProperty('marker');
    expect(parse({ 'marker-operator': '2 b2' }).marker?.operator).toEqual({ id: 'b2', generation: 2 });
    for (const none of ['', '2', '0 b2', 'b2'])
      expect(parse({ 'marker-operator': none }).marker).not.toHaveProperty('operator');
  });

  it('takes an answer that ends early for none', () => {
    expect(() => parse({ finished: undefined })).toThrow(
      expect.objectContaining({ code: 'facts-unreadable', host: 's4' }),
    );
    expect(() => parse({ 'boot-id': '' })).toThrow(expect.objectContaining({ code: 'facts-unreadable' }));
  });
});
