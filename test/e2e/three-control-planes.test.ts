import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { expectWorkingNetwork } from './helpers/expect-network.js';
import { changing, runUntil } from './helpers/interrupt.js';
import { nameServerNodes } from './helpers/name-servers.js';
import { mainPids } from './helpers/snapshot.js';
import { watchStalls } from './helpers/watch-stalls.js';
import { deployEcho, eventually, expectEcho } from './helpers/workload.js';

/* Three nodes, all of them control planes. */

let world: World;
const HOSTS = ['--hosts', 's[4-6]'];

beforeAll(async () => {
  world = await createWorld('e2e-three', [{ name: 's4' }, { name: 's5' }, { name: 's6' }]);
});
afterAll(() => world?.down());

/** Until another API server is found; twice what is meant, since the machine that runs the whole lab is never idle. */
const BOUND_S = { node: 2 * 10, pod: 2 * 20 };
const API = 'https://169.254.77.1:6443/livez';
/** By the `kubernetes` Service, as client-go in a pod does. */
const SERVICE = 'https://10.96.0.1:443/livez';

/** Asks a node's way to the API each 200 ms until stopped; resolves to the number of seconds without an answer. */
function watchApi(node: string): { stop: () => Promise<{ asked: number; failed: number }> } {
  const script = `asked=0; failed=0; trap 'echo $asked $failed; exit 0' TERM
while :; do asked=$((asked+1)); curl -sfk -m 2 -o /dev/null https://169.254.77.1:6443/livez || failed=$((failed+1)); sleep 0.2; done`;
  const done = world.lab.exec(node, ['bash', '-c', `echo $$ >/run/watch-api.pid; ${script}`]);
  return {
    async stop() {
      await world.lab.exec(node, ['bash', '-c', 'kill -TERM "$(cat /run/watch-api.pid)"']);
      const { stdout } = await done;
      const [asked = 0, failed = 0] = stdout.trim().split(' ').map(Number);
      return { asked, failed };
    },
  };
}

describe('three control planes', () => {
  it('up chooses the first three hosts; one that is off is no reason to wait for a cluster', async () => {
    await world.lab.powerOff(['s6']);
    await world.up(HOSTS, 3);
    expect(await world.controlPlaneNames()).toEqual(['s4', 's5', 's6']);
    expect(await memberList(world.lab)).toEqual(voters('s4', 's5'));
    await world.operator.kubectl('create', 'configmap', 'first');
  });

  it('it joins when it is there', async () => {
    await world.lab.powerOn(['s6']);
    await world.up();
    expect(await memberList(world.lab)).toEqual(voters('s4', 's5', 's6'));
    await world.operator.kubectl('get', 'configmap', 'first');
    const nodes = await world.operator.kubectl('get', 'nodes', '--no-headers');
    expect(nodes.match(/ Ready /g)).toHaveLength(3);
  });

  it('its network carries pods, services, DNS and webhooks', () => expectWorkingNetwork(world));

  it('name servers that came together while other nodes took none are parted by the next up', async () => {
    const { kubectl } = world.operator;
    await kubectl('cordon', 's5', 's6');
    await kubectl('-n', 'kube-system', 'rollout', 'restart', 'deployment/coredns');
    await eventually(() => kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=60s'));
    await eventually(async () => expect(await nameServerNodes(world.operator)).toEqual(['s4', 's4']));
    await kubectl('uncordon', 's5', 's6');
    await world.up();
    const nodes = await nameServerNodes(world.operator);
    expect(new Set(nodes).size, nodes.join()).toBe(2);
    expect(nodes).not.toContain('none');
  });

  it('up again changes nothing', async () => {
    expect((await world.up()).changed).toBe(0);
  });

  it('a changed apiserver flag goes from one control plane to the next while the API keeps answering', async () => {
    const config = join(world.operator.stateDir, 'config.yaml');
    const policy = join(world.operator.stateDir, 'audit.yaml');
    await writeFile(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n');
    const apiServer = { extraArgs: { 'event-ttl': '30m' }, audit: { policy } };
    await writeFile(config, JSON.stringify({ hosts: ['s[4-6]'], apiServer }));
    const before = await Promise.all(world.nodes.map((node) => mainPids(world.lab, node)));
    const watching = world.nodes.map((node) => watchApi(node));
    await world.up(['--config', config]);
    const seen = await Promise.all(watching.map(({ stop }) => stop()));
    const after = await Promise.all(world.nodes.map((node) => mainPids(world.lab, node)));
    for (const [index, pids] of after.entries()) {
      expect(pids['kube-apiserver.service']).not.toBe(before[index]?.['kube-apiserver.service']);
      expect(pids['etcd.service']).toBe(before[index]?.['etcd.service']);
      const node = world.nodes[index] ?? '';
      const running = await world.lab.exec(node, ['cat', `/proc/${pids['kube-apiserver.service']}/cmdline`]);
      expect(running.stdout).toContain('--event-ttl=30m');
      const audit = await world.lab.exec(node, ['grep', '-c', '"level":"Metadata"', '/var/log/kubernetes/audit.log']);
      expect(Number(audit.stdout)).toBeGreaterThan(0);
    }
    for (const { asked, failed } of seen) {
      expect(asked).toBeGreaterThan(10);
      // A node's own way follows within its probe interval; never more than one control plane was away.
      expect(failed).toBeLessThan(asked / 2);
    }
  });

  it('renewed etcd certificates restart one member at a time, and no object is lost', async () => {
    await world.operator.kubectl('create', 'configmap', 'kept');
    const before = await Promise.all(world.nodes.map((node) => mainPids(world.lab, node)));
    for (const node of world.nodes) {
      for (const kind of ['etcd-server', 'etcd-peer']) {
        for (const suffix of ['crt', 'key'])
          await rm(join(world.operator.stateDir, 'pki/leaves', `${kind}@${node}.${suffix}`));
      }
    }
    const watching = watchApi('s4');
    await world.up();
    const { asked, failed } = await watching.stop();
    expect(failed).toBeLessThan(asked / 2);
    const after = await Promise.all(world.nodes.map((node) => mainPids(world.lab, node)));
    for (const [index, pids] of after.entries()) expect(pids['etcd.service']).not.toBe(before[index]?.['etcd.service']);
    await world.operator.kubectl('get', 'configmap', 'kept');
  });

  it('one control plane rebooted: its member rejoins as a learner and is promoted, no object is lost', async () => {
    await world.lab.reboot(['s5'], { power: true });
    // Controllers that could not renew their lease while etcd chose a leader end, and are started again.
    await expect.poll(async () => (await world.plan()).s4, { timeout: 60_000 }).toEqual([]);
    await world.up();
    await world.operator.kubectl('get', 'configmap', 'kept');
    await expectEcho(world, world.nodes);
  });

  it('all nodes rebooted, and the operator killed while etcd bootstraps: the same up, under the same PKI', async () => {
    const kubeconfig = join(world.operator.stateDir, 'kubeconfig');
    const old = await readFile(kubeconfig, 'utf8');
    await world.lab.reboot(world.nodes);
    const killed = await runUntil(world.operator, ['up'], { at: changing(/start etcd\.service/) });
    expect(killed.reached, said(killed)).toBe(true);
    await world.up();
    expect(await memberList(world.lab)).toEqual(voters('s4', 's5', 's6'));
    expect(await readFile(kubeconfig, 'utf8')).toBe(old);
    await deployEcho(world.operator, 3);
  });

  it('one control plane loses power: nodes and pods find another within bounds, kubectl goes on', async () => {
    await expectEcho(world, world.nodes);
    const survivors = ['s5', 's6'];
    const ways: [string, string, number][] = survivors.flatMap((node) => [
      [node, `curl -sfk -m 1 -o /dev/null ${API}`, BOUND_S.node],
      [
        node,
        `ip netns exec "$(ls /run/netns | grep ^cni- | head -1)" curl -sfk -m 1 -o /dev/null ${SERVICE}`,
        BOUND_S.pod,
      ],
    ]);
    const probes = await Promise.all(ways.map(([node, ask]) => watchStalls(world.lab, node, ask)));
    const gone = world.lab.node('s4').nics[0]?.address ?? '';
    await world.lab.powerOff(['s4']);
    await eventually(async () => {
      const listed = await world.operator.run(['kubectl', '--', 'get', 'endpoints', 'kubernetes', '-o', 'yaml']);
      if (listed.exit !== 0) throw new Error(listed.stderr);
      if (listed.stdout.includes(gone)) throw new Error(`${gone} is still an endpoint of the kubernetes Service`);
    }, 120);
    await Promise.all(probes.map(({ answered }) => answered()));
    for (const [index, { stop }] of probes.entries()) {
      const [node = '', ask = '', bound = 0] = ways[index] ?? [];
      expect(await stop(), `${ask} on ${node}`).toBeLessThan(bound);
    }
  });
});
