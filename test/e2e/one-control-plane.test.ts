import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NEWEST } from '../../src/config/version-table.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { expectWorkingNetwork } from './helpers/expect-network.js';
import { nameServerNodes } from './helpers/name-servers.js';
import { mainPids, nodeSnapshot } from './helpers/snapshot.js';
import { expectEcho } from './helpers/workload.js';

/* One control plane and two workers, each node awkward in its own way. */

let world: World;
let kubeconfig: string;
const HOSTS = ['--hosts', 's4,s5,s6', '--control-plane', 's4'];

beforeAll(async () => {
  world = await createWorld('e2e-one', [
    { name: 's4', options: ['hostname=localhost', 'two-nics', 'ssh-sessions=2'] },
    { name: 's5', options: ['no-zstd', 'noisy-shell', 'ssh-sessions=2'] },
    { name: 's6', options: ['nameservers=4', 'containerd-stopped'] },
  ]);
});
afterAll(() => world?.down());

describe('from blank nodes', () => {
  it('plan shows what up would do, and touches neither nodes nor state', async () => {
    const before = await Promise.all(world.nodes.map((node) => nodeSnapshot(world.lab, node)));
    const actions = await world.plan(HOSTS);
    expect(actions.s4).toEqual(expect.arrayContaining(['install', 'start', 'import-image']));
    expect(actions.s5).toEqual(expect.arrayContaining(['install', 'start', 'import-image']));
    const after = await Promise.all(world.nodes.map((node) => nodeSnapshot(world.lab, node)));
    expect(after).toEqual(before);
    expect(await readdir(world.operator.stateDir)).toEqual([]);
  });

  it('up makes a cluster', async () => {
    expect((await world.up(HOSTS)).changed).toBeGreaterThan(0);
    kubeconfig = await readFile(join(world.operator.stateDir, 'kubeconfig'), 'utf8');
    const nodes = await world.operator.kubectl('get', 'nodes', '--no-headers');
    expect(nodes.match(/ Ready /g)).toHaveLength(3);
    expect(nodes).toMatch(/^s4 .*control-plane/m);
  });

  it('whose Nodes had their addresses from the beginning: no kube-proxy was started twice', async () => {
    for (const node of world.nodes) {
      const { stdout } = await world.lab.exec(node, ['systemctl', 'show', '-p', 'NRestarts', '--value', 'kube-proxy']);
      expect(stdout.trim(), node).toBe('0');
    }
  });

  it('whose name servers run on two nodes', async () => {
    const nodes = await nameServerNodes(world.operator);
    expect(nodes).toHaveLength(2);
    expect(new Set(nodes).size, nodes.join()).toBe(2);
    expect(nodes).not.toContain('none');
  });

  it('whose nodes take pods already, all of them', async () => {
    const effects = await world.operator.kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].spec.taints[*].effect}');
    expect(effects).not.toContain('NoSchedule');
  });

  it('its network carries pods, services, DNS and webhooks', () => expectWorkingNetwork(world));

  it('its control plane is what it should be: encrypted secrets, kubelet certificates verified, logs reachable', async () => {
    await world.operator.kubectl('create', 'secret', 'generic', 'plain', '--from-literal=word=unmistakable');
    const dump = await world.lab.exec('s4', ['grep', '-c', 'unmistakable', '-r', '/var/lib/etcd/member']);
    expect(dump.stdout).not.toMatch(/:[1-9]/);
    const pod = (await world.operator.kubectl('get', 'pods', '-l', 'app=echo', '-o', 'name')).split('\n')[0] ?? '';
    await world.operator.kubectl('logs', pod);
    const processes = await world.lab.exec('s4', ['ps', 'axww', '-o', 'args']);
    expect(processes.stdout).not.toMatch(/PRIVATE KEY|--token/);
  });

  it('the kubelet of a node with four nameservers hands out three', async () => {
    const file = await world.lab.exec('s6', [
      'bash',
      '-c',
      'grep -c ^nameserver "$(grep -oP "(?<=resolvConf: ).*" /etc/kubernetes/kubelet.yaml)"',
    ]);
    expect(file.stdout.trim()).toBe('3');
  });
});

describe('again', () => {
  it('up on a healthy cluster changes nothing', async () => {
    const before = await Promise.all(world.nodes.map((node) => nodeSnapshot(world.lab, node)));
    expect((await world.up()).changed).toBe(0);
    expect(await Promise.all(world.nodes.map((node) => nodeSnapshot(world.lab, node)))).toEqual(before);
  });

  it('plan then says that nothing would change, and status that nothing is wrong', async () => {
    expect(await world.plan()).toEqual({ s4: [], s5: [], s6: [] });
    const { exit, stdout } = await world.operator.run(['status', '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      members: [{ name: 's4', isLeader: true }],
      nodes: ['s4', 's5', 's6'].map((name) => ({ name, down: [], kernel: [], kubelet: `v${NEWEST.kubernetes}` })),
      problems: [],
    });
    expect(exit).toBe(0);
  });

  it('an edited file, a damaged binary and a stopped unit are repaired, and nothing else is restarted', async () => {
    const pids = () => Promise.all(world.nodes.map((node) => mainPids(world.lab, node)));
    const before = await pids();
    await world.lab.exec('s5', ['bash', '-c', 'echo "# edited" >>/etc/kubernetes/kube-proxy.yaml']);
    await world.lab.exec('s6', [
      'bash',
      '-c',
      'cp /opt/bin/kubelet /opt/bin/k; printf x >>/opt/bin/k; mv /opt/bin/k /opt/bin/kubelet',
    ]);
    await world.lab.exec('s4', ['systemctl', 'stop', 'kube-scheduler']);
    expect(await world.plan()).toEqual({ s4: ['start'], s5: ['replace', 'restart'], s6: ['replace', 'restart'] });
    const status = await world.operator.run(['status']);
    expect(status.exit, said(status)).toBe(4);
    expect(status.stdout).toContain('s4: kube-scheduler does not run');
    await world.up();
    const after = await pids();
    const repaired = ['kube-scheduler.service', 'kube-proxy.service', 'kubelet.service'];
    for (const [index, unit] of repaired.entries()) {
      const [now, then] = [after[index] ?? {}, before[index] ?? {}];
      expect({ ...now, [unit]: '' }, world.nodes[index]).toEqual({ ...then, [unit]: '' });
      expect(now[unit], world.nodes[index]).not.toBe(then[unit]);
    }
    await expectEcho(world, world.nodes);
    expect(await world.plan()).toEqual({ s4: [], s5: [], s6: [] });
  });

  it('a route that is gone is put back by the node itself; where its unit is stopped, plan names it and up puts it back', async () => {
    const [, podsOfS6 = ''] =
      /podCIDR: (\S+)/.exec(await world.operator.kubectl('get', 'node', 's6', '-o', 'yaml')) ?? [];
    const lose = () => world.lab.exec('s5', ['ip', 'route', 'del', podsOfS6]);
    const found = async () => (await world.lab.exec('s5', ['ip', 'route', 'show', podsOfS6])).stdout;
    await lose();
    await expect.poll(found).toContain(podsOfS6);
    // It notes what it did when that is done.
    const noted = async () => (await world.lab.exec('s5', ['cat', '/run/k8s-diskless-node/repairs'])).stdout;
    await expect.poll(noted).toContain(podsOfS6);
    await world.lab.exec('s5', ['systemctl', 'stop', 'k8s-diskless-node']);
    await lose();
    const planned = await world.operator.run(['plan']);
    expect(planned.stdout.replaceAll(/\s+/g, ' ')).toContain(`route to ${podsOfS6} is missing`);
    expect(await found()).toBe('');
    const { exit, events, ...output } = await world.operator.events(['up']);
    expect(exit, said({ exit, ...output })).toBe(0);
    expect(await found()).toContain(podsOfS6);
    const told = events.flatMap((event) => (event.type === 'note' && event.code === 'kernel-put-back' ? [event] : []));
    expect(told).toMatchObject([{ node: 's5', message: expect.stringContaining(`route to ${podsOfS6} is missing`) }]);
  });

  it('packets of pods that are dropped on the way: up names the pairs, and is content once they come through', async () => {
    const rules = [
      'add table ip test',
      'add chain ip test c { type filter hook prerouting priority -300; }',
      'add rule ip test c ip saddr 10.244.0.0/16 drop',
    ];
    expect(await world.lab.exec('s6', ['nft', rules.join('\n')])).toMatchObject({ code: 0 });
    // For as long as up gives what was just started.
    const { exit, events, ...output } = await world.operator.events(['up', '--ready-timeout', '30s']);
    await world.lab.exec('s6', ['nft', 'delete', 'table', 'ip', 'test']);
    expect(exit, said({ exit, ...output })).toBe(3);
    const broken = events.flatMap((event) =>
      event.type === 'step-finished' && event.error?.code === 'network-broken' ? [event.error] : [],
    );
    expect(broken.map(({ host }) => host).toSorted()).toEqual(['s4', 's5', 's6']);
    expect(broken.find(({ host }) => host === 's4')?.message).toMatch(/the pod network of s6 \(10\.244\.\d+\.1\)$/);
    await world.up(['--ready-timeout', '3m']);
  });

  it('a component that keeps ending fails its node with its own words, every time, until the config is right', async () => {
    const wrong = await configFile({ 'concurrent-gc-syncs': 'many' });
    for (const attempt of ['restarted by us', 'found so']) {
      const { exit, events, ...output } = await world.operator.events(['up', '--config', wrong]);
      expect(exit, `${attempt}: ${said({ exit, ...output })}`).toBe(4);
      const failures = events.flatMap((event) => (event.type === 'step-finished' && event.error ? [event.error] : []));
      const [unhealthy, verdict] = failures;
      expect(unhealthy).toMatchObject({ code: 'component-unhealthy', host: 's4', step: 'healthy' });
      expect(unhealthy?.message).toContain('kube-controller-manager.service');
      expect(verdict).toMatchObject({ code: 'verification-failed' });
      const [log] = /\/\S+s4-kube-controller-manager\.service\.log/.exec(unhealthy?.hint ?? '') ?? [];
      expect(await readFile(log ?? '', 'utf8')).toContain('invalid argument "many" for "--concurrent-gc-syncs"');
    }
    await world.up(['--config', await configFile({ v: '1' })]);
    expect(await world.plan(['--config', await configFile({})])).toEqual({
      s4: ['replace', 'restart'],
      s5: [],
      s6: [],
    });
    await world.up(['--config', await configFile({})]);
  });

  it('all nodes rebooted: the same up, and the old kubeconfig works on a working cluster', async () => {
    await world.lab.reboot(world.nodes);
    const actions = await world.plan();
    expect(actions.s4).toEqual(expect.arrayContaining(['install', 'start']));
    await world.up();
    expect(await readFile(join(world.operator.stateDir, 'kubeconfig'), 'utf8')).toBe(kubeconfig);
    await expectWorkingNetwork(world);
    expect((await world.up()).changed).toBe(0);
  });
});

async function configFile(extraArgs: Record<string, string>): Promise<string> {
  const file = join(world.operator.stateDir, 'config.json');
  await writeFile(file, JSON.stringify({ controllerManager: { extraArgs } }));
  return file;
}

describe('commands around it', () => {
  it('kubeconfig prints the admin kubeconfig, kubectl runs with it', async () => {
    const printed = await world.operator.run(['kubeconfig']);
    expect(printed).toMatchObject({ exit: 0, stdout: kubeconfig });
    const listed = await world.operator.run(['kubectl', '--', 'get', 'nodes', '-o', 'name']);
    expect(listed).toMatchObject({ exit: 0, stdout: 'node/s4\nnode/s5\nnode/s6\n' });
  });

  it('logs shows what a component of a node logged, and says which there are', async () => {
    const { exit, stdout } = await world.operator.run(['logs', 's5', 'kubelet', '--since', '1h']);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/ kubelet\[\d+\]: /);
    const wrong = await world.operator.run(['logs', 's5', 'etcd']);
    expect(wrong.exit, said(wrong)).toBe(2);
    expect(wrong.stderr).toContain('s5 is a worker and has no etcd');
  });

  it('kubectl is the cluster version, wherever its binaries come from, and then from the cache', async () => {
    const { K8S_DISKLESS_ARTIFACTS: artifacts = '' } = world.operator.env;
    const blank = { XDG_CACHE_HOME: join(world.operator.stateDir, 'cache'), K8S_DISKLESS_ARTIFACTS: undefined };
    const command = ['--', 'version', '--client', '-o', 'yaml'];
    const first = await world.operator.run(['kubectl', '--artifacts', artifacts, ...command], blank);
    expect(first.stdout, said(first)).toContain(`gitVersion: v${NEWEST.kubernetes}`);
    const again = await world.operator.run(['kubectl', ...command], { ...blank, PATH: '/nonexistent' });
    expect(again.stdout, said(again)).toBe(first.stdout);
  });

  it('leaves no private key readable to others on the operator', () => {
    const loose = execFileSync('find', [world.operator.stateDir, '-name', '*.key', '-perm', '/077'], {
      encoding: 'utf8',
    });
    expect(loose).toBe('');
  });
});
