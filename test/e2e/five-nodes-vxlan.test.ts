import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from './helpers/cluster-world.js';
import { expectWorkingNetwork } from './helpers/expect-network.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/* Five nodes, three of them control planes, one worker in another L2 segment: only an overlay can join them. */

let world: World;
let config: string;

beforeAll(async () => {
  const nodes = ['s4', 's5', 's6', 's7'].map((name) => ({ name }));
  world = await createWorld('e2e-five', [...nodes, { name: 's8', options: ['far'] }]);
  config = `${world.operator.stateDir}.yaml`;
  await writeFile(config, 'hosts: ["s[4-8]"]\nnetwork:\n  mode: vxlan\n  podCidr: 10.200.0.0/16\n');
});
afterAll(async () => {
  await world?.down();
  await rm(config, { force: true });
});

describe('five nodes over vxlan', () => {
  it('up makes a cluster of three control planes and two workers, as plan said', async () => {
    const actions = await world.plan(['--config', config]);
    expect(Object.keys(actions)).toEqual(world.nodes);
    await world.up(['--config', config]);
    expect(await world.controlPlaneNames()).toEqual(['s4', 's5', 's6']);
    const nodes = await world.operator.kubectl('get', 'nodes', '--no-headers');
    expect(nodes.match(/ Ready /g)).toHaveLength(5);
  });

  it('its network carries pods, services, DNS and webhooks across the segments', () => expectWorkingNetwork(world));

  it('up again changes nothing', async () => {
    expect((await world.up()).changed).toBe(0);
  });

  it('all nodes rebooted: the same up, the old kubeconfig works', async () => {
    const kubeconfig = join(world.operator.stateDir, 'kubeconfig');
    const old = await readFile(kubeconfig, 'utf8');
    await world.lab.reboot(world.nodes);
    await world.up();
    expect(await readFile(kubeconfig, 'utf8')).toBe(old);
    await deployEcho(world.operator, 5);
    await expectEcho(world, world.nodes);
  });
});
