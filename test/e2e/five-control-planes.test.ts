import { afterAll, beforeAll, expect, it } from 'vitest';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
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
  expect(await memberList(world.lab)).toEqual(voters(...NODES));
  await world.operator.kubectl('get', 'configmap', 'kept');
  await expectEcho(world, NODES);
  expect((await world.up()).changed).toBe(0);
});

it('beside one that is off for good nobody is taken in, until a person says so', async () => {
  await world.lab.powerOff(['s8']);
  await world.lab.reboot(['s5'], { power: true });
  const blocked = await world.operator.events(['up']);
  expect(blocked.exit, said(blocked)).toBe(3);
  const failed = blocked.events.find((event) => event.type === 'step-finished' && event.step === 'etcd' && event.error);
  expect(failed?.type === 'step-finished' && failed.error).toMatchObject({
    code: 'etcd-rejoin-blocked',
    host: 's5',
    hint: expect.stringContaining('--lost s8'),
  });
  await world.up(['--lost', 's8'], 3);
  expect(await memberList(world.lab)).toEqual(voters('s4', 's5', 's6', 's7'));
  await world.operator.kubectl('get', 'configmap', 'kept');
});
