import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { changing, runUntil } from './helpers/interrupt.js';
import { type TwoGenerations, twoGenerations } from './helpers/two-generations.js';
import { deployEcho, expectEcho } from './helpers/workload.js';
import { startWriteLoad } from './helpers/write-load.js';

/* From one minor of Kubernetes to the next, with etcd's next minor, on a cluster that works meanwhile. */

const OLDER = '1.36';
let built: TwoGenerations;
beforeAll(async () => {
  built = await twoGenerations(OLDER);
});
afterAll(() => built?.remove());

/** A cluster of the older minor; then the binaries of both are there. */
async function olderCluster(name: string, nodes: readonly string[], ...args: string[]): Promise<World> {
  const requests = nodes.map((node) => ({ name: node }));
  const world = await createWorld(name, requests, { generation: OLDER });
  await world.up(['--hosts', nodes.join(','), ...args]);
  world.operator.env.K8S_DISKLESS_ARTIFACTS = built.artifacts;
  return world;
}

async function ran(world: World, exit: number, ...args: string[]): Promise<Finished> {
  const finished = await world.operator.run(args);
  expect(finished.exit, said(finished)).toBe(exit);
  return finished;
}

async function kubelets(world: World): Promise<string[]> {
  const path = '{.items[*].status.nodeInfo.kubeletVersion}';
  return (await world.operator.kubectl('get', 'nodes', '-o', `jsonpath=${path}`)).split(' ');
}

async function unschedulable(world: World): Promise<string> {
  return world.operator.kubectl('get', 'nodes', '-o', 'jsonpath={.items[?(@.spec.unschedulable)].metadata.name}');
}

describe('one control plane and a worker', () => {
  let world: World;
  beforeAll(async () => {
    world = await olderCluster('e2e-upgrade-one', ['s4', 's7']);
    await deployEcho(world.operator, 2);
  });
  afterAll(() => world?.down());

  it('a plan says what it would do, and changes nothing', async () => {
    const { stdout } = await ran(world, 0, 'upgrade', '--to', '1.37', '--plan');
    expect(stdout).toContain('from Kubernetes 1.36.5');
    expect(stdout).toMatch(/1\. etcd.*s4\n.*2\. kube-apiserver/);
    expect((await world.up()).changed).toBe(0);
  });

  it('killed while apiservers restart, and all machines lose power: it comes back whole and goes on', async () => {
    // The target of the configuration, which also says what is no more accepted there.
    const config = join(world.operator.stateDir, 'cluster.yaml.asked');
    await writeFile(config, 'kubernetes: 1.37.2\nkubelet: {extraConfig: {featureGates: {SidecarContainers: true}}}\n');
    expect(said(await ran(world, 2, 'upgrade', '--config', config))).toContain('SidecarContainers');
    await writeFile(config, 'kubernetes: 1.37.2\n');
    expect(said(await ran(world, 5, 'up', '--config', config))).toContain('k8s-diskless upgrade');
    const { reached, ...rest } = await runUntil(world.operator, ['upgrade', '--config', config], {
      at: changing(/restart kube-apiserver/),
    });
    expect(reached, said(rest)).toBe(true);
    await world.lab.reboot(world.nodes, { power: true });
    // A config file of before is no wish to go back.
    const refused = await ran(world, 5, 'upgrade', '--to', '1.36.4');
    expect(said(refused)).toContain('an upgrade from Kubernetes 1.36.5 to 1.37.2 was begun');
    await ran(world, 0, 'up');
    await expectEverywhere();
  });

  it('done once, it is done', async () => {
    expect(said(await ran(world, 0, 'upgrade', '--to', '1.37'))).toContain('nothing to do');
    expect(said(await ran(world, 5, 'upgrade', '--to', '1.36'))).toContain('is older');
    expect(said(await ran(world, 0, 'status'))).toContain('Kubernetes 1.37.2, etcd 3.7.3');
  });

  async function expectEverywhere(): Promise<void> {
    expect(await kubelets(world)).toEqual(world.nodes.map(() => 'v1.37.2'));
    for (const node of world.nodes)
      expect((await world.lab.exec(node, ['/opt/bin/kube-proxy', '--version'])).stdout, node).toContain('v1.37.2');
    expect(await unschedulable(world)).toBe('');
    await expectEcho(world, world.nodes);
    expect((await world.up()).changed).toBe(0);
  }
});

describe('three control planes and two workers, which are written to all the time', () => {
  let world: World;
  const members = ['s4', 's5', 's6'];
  beforeAll(async () => {
    world = await olderCluster('e2e-upgrade-three', [...members, 's7', 's8'], '--control-plane', members.join(','));
    await deployEcho(world.operator, 5);
  });
  afterAll(() => world?.down());

  it('brings everything to the next minor, killed at every stage, and no write waits for long', {
    timeout: 1_200_000,
  }, async () => {
    const load = await startWriteLoad(world, 's8');
    for (const moment of [/restart etcd/, /restart kube-apiserver/, /restart kube-scheduler/, /drain it/]) {
      const { reached, ...rest } = await runUntil(world.operator, ['upgrade', '--to', '1.37'], {
        at: changing(moment),
      });
      expect(reached, said(rest)).toBe(true);
    }
    // Whichever is called next goes on.
    await ran(world, 0, 'up');
    const { longestGapMs, writes } = await load.end();
    process.stderr.write(`longest time without a write: ${Math.round(longestGapMs)} ms of ${writes} writes\n`);
    expect(await kubelets(world)).toEqual(world.nodes.map(() => 'v1.37.2'));
    expect(await unschedulable(world)).toBe('');
    await expectEcho(world, world.nodes);
    expect((await world.up()).changed).toBe(0);
  });
});

describe('one control plane and two workers, where a budget lets no pod go', () => {
  let world: World;
  beforeAll(async () => {
    world = await olderCluster('e2e-upgrade-held', ['s4', 's5', 's7'], '--control-plane', 's4');
    await deployEcho(world.operator, 3);
    await world.operator.kubectl('cordon', 's7');
  });
  afterAll(() => world?.down());
  const keepAll = () =>
    world.operator.kubectl('create', 'pdb', 'all', '--selector=app=echo', '--min-available=3').then(() => undefined);
  const named = 'default/all';

  it('it is named before anything begins', async () => {
    await keepAll();
    expect(said(await ran(world, 5, 'upgrade', '--to', '1.37', '--plan'))).toContain(named);
    expect(said(await ran(world, 5, 'upgrade', '--to', '1.37'))).toContain(named);
    expect(said(await ran(world, 0, 'status'))).not.toContain('is not finished');
    await world.operator.kubectl('delete', 'pdb', 'all');
  });

  it('and where it holds a node up on the way; then it goes on, and only our cordons are undone', {
    timeout: 900_000,
  }, async () => {
    // It is recorded: how long a drain may take goes by it, too.
    await ran(world, 0, 'up', '--ready-timeout', '90s');
    const at = changing(/restart kube-scheduler/);
    const args = ['upgrade', '--to', '1.37'];
    const { reached, exit, ...rest } = await runUntil(world.operator, args, { at, act: keepAll });
    expect(reached, said({ exit, ...rest })).toBe(true);
    expect(exit).not.toBe(0);
    expect(said({ exit, ...rest })).toContain(`PodDisruptionBudget ${named}`);
    await world.operator.kubectl('delete', 'pdb', 'all');
    await ran(world, 0, 'up', '--ready-timeout', '3m');
    expect(await kubelets(world)).toEqual(world.nodes.map(() => 'v1.37.2'));
    expect(await unschedulable(world)).toBe('s7');
  });
});
