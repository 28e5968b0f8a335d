import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from './helpers/cluster-world.js';
import { expectWorkingNetwork } from './helpers/expect-network.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/*
 * What we set in the kernels of nodes, taken away: put back by the node's own unit, and where that is masked by `up`, whose
 * plan names it.
 */

const NODE = 's6';
const UNIT = '/etc/systemd/system/k8s-diskless-node.service';

/** Commands for bash on the node; `OTHER` is the pod CIDR of another one. */
const LOSSES: [what: string, command: string, named: RegExp][] = [
  [
    'its address goes and comes back',
    'a=$(ip -4 -o addr show eth0 | awk "{print \\$4}"); r=$(ip route show default); ip addr del $a dev eth0; ip addr add $a dev eth0; [ -z "$r" ] || ip route replace $r',
    /route to OTHER is missing/,
  ],
  [
    'its link goes down and up',
    'r=$(ip route show default); ip link set eth0 down; ip link set eth0 up; [ -z "$r" ] || ip route replace $r',
    /route to OTHER is missing/,
  ],
  ['a pod route is deleted', 'ip route del OTHER', /route to OTHER is missing/],
  ['the route of services is deleted', 'ip route del 10.96.0.0/16', /route to 10\.96\.0\.0\/16 is missing/],
  ['the API address is flushed', 'ip addr flush dev kd-api', /address 169\.254\.77\.1\/32 on kd-api is missing/],
  ['forwarding is switched off', 'sysctl -qw net.ipv4.ip_forward=0', /sysctl net\.ipv4\.ip_forward is 0/],
  ['the bridge is taken down', 'ip link set cni0 down', /link cni0 is down/],
  ['the bridge is deleted, under pods', 'ip link del cni0', /link cni0 is missing/],
  ['our table of packet filters is flushed', 'nft flush table ip k8s_diskless_pods', /masquerades .* is missing/],
];

let world: World;
let otherPods: string;

beforeAll(async () => {
  world = await createWorld(
    'e2e-drift',
    ['s4', 's5', NODE].map((name) => ({ name })),
  );
  await world.up(['--hosts', 's4,s5,s6', '--control-plane', 's4']);
  await deployEcho(world.operator, 3);
  const spec = await world.operator.kubectl('get', 'node', 's5', '-o', 'jsonpath={.spec.podCIDR}');
  otherPods = spec.trim();
});
afterAll(() => world?.down());

const onNode = (command: string) =>
  world.lab.exec(NODE, ['bash', '-c', command.replaceAll('OTHER', otherPods)]).then(({ stdout }) => stdout);
const differences = () => onNode('/opt/bin/k8s-diskless-node check');

describe.each(LOSSES)('%s', (_, command, named) => {
  it('the node puts it back by itself, and its pods answer', async () => {
    await onNode(command);
    await expect.poll(differences).toBe('');
    await expectEcho(world, world.nodes);
    expect(await world.plan()).toEqual({ s4: [], s5: [], [NODE]: [] });
  });

  it('where its unit is masked, plan names it, and up puts it back', async () => {
    await onNode(`systemctl stop k8s-diskless-node; ln -sf /dev/null ${UNIT}; systemctl daemon-reload`);
    await onNode(command);
    const planned = await world.operator.run(['plan']);
    const pattern = new RegExp(named.source.replaceAll('OTHER', otherPods.replaceAll('.', '\\.')));
    expect(planned.stdout.replaceAll(/\s+/g, ' ')).toMatch(pattern);
    await world.up();
    expect(await differences()).toBe('');
    expect((await world.up()).changed).toBe(0);
  });
});

it.each([
  ['the marker of what we did there is removed', 'rm -rf /run/k8s-diskless'],
  ['a plugin of CNI is cut off', 'truncate -s 1000 /opt/cni/bin/bridge'],
  [
    'a unit is masked',
    'systemctl stop kube-proxy; ln -sf /dev/null /etc/systemd/system/kube-proxy.service; systemctl daemon-reload',
  ],
])('%s: up mends it, and then has nothing to do', async (_, command) => {
  await onNode(command);
  expect((await world.plan())[NODE]).not.toEqual([]);
  await world.up();
  expect((await world.up()).changed).toBe(0);
});

it('somebody else’s configuration of CNI sorts before ours, and loses', async () => {
  const foreign = '{"cniVersion":"0.4.0","name":"foreign","plugins":[{"type":"no-such-plugin"}]}';
  for (const node of world.nodes) {
    await world.lab.exec(node, [
      'bash',
      '-c',
      `mkdir -p /etc/cni/net.d && echo '${foreign}' >/etc/cni/net.d/00-foreign.conflist`,
    ]);
  }
  await world.operator.kubectl('delete', 'pods', '-l', 'app=echo', '--wait=false');
  await deployEcho(world.operator, 3);
  expect((await world.up()).changed).toBe(0);
  expect(await onNode('ls /etc/cni/net.d')).toContain('00-foreign.conflist');
});

it('the network carries pods, services, DNS and webhooks after all of that', () => expectWorkingNetwork(world));

it('the rules of the API address are put back by the unit that keeps them', async () => {
  const rules = () => onNode('nft list table ip k8s_diskless_api 2>/dev/null || true');
  await onNode('nft delete table ip k8s_diskless_api');
  await expect.poll(rules).toContain('chain output');
  await world.up();
});

it('what a newer configuration does not want is not put back', async () => {
  await onNode(`sed -i 's/^peer s5 .*/#/' /etc/kubernetes/node.conf; ip route del OTHER`);
  // Something happens that the unit looks at.
  await onNode('ip link set kd-api alias x; sleep 2');
  expect(await onNode('ip route show OTHER')).toBe('');
  await world.up();
  expect(await onNode('ip route show OTHER')).not.toBe('');
});
