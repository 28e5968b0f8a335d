import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type World } from './helpers/cluster-world.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

let world: World;
const NODES = ['s4', 's5', 's6', 's7', 's8'];

beforeAll(async () => {
  world = await createWorld(
    'e2e-five-cp',
    NODES.map((name) => ({ name })),
  );
  await world.up(['--hosts', 's[4-8]', '--control-plane', NODES.join(',')]);
  await world.operator.kubectl('create', 'configmap', 'kept');
  await deployEcho(world.operator, 5);
});
afterAll(() => world?.down());

it('two of five control planes rebooted at once: both rejoin, no object is lost', async () => {
  await world.lab.reboot(['s5', 's7'], { power: true });
  await world.up();
  await world.operator.kubectl('get', 'configmap', 'kept');
  await expectEcho(world, NODES);
  expect((await world.up()).changed).toBe(0);
});
