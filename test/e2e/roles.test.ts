import { afterAll, beforeAll, expect, it } from 'vitest';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { finished, killedAt, runUntil } from './helpers/interrupt.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/* Workers become control planes, on a cluster that works meanwhile. */

const ALL = ['s4', 's5', 's6'];
let world: World;

beforeAll(async () => {
  world = await createWorld(
    'e2e-roles',
    ALL.map((name) => ({ name })),
  );
  await world.up(['--hosts', ALL.join(','), '--control-plane', 's4']);
  await deployEcho(world.operator, ALL.length);
});
afterAll(() => world?.down());

it('one control plane becomes three, killed on the way', async () => {
  const pods = () => world.operator.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}');
  const before = await pods();
  const asked = ['up', '--control-plane', ALL.join(',')];
  const { reached, ...rest } = await runUntil(world.operator, asked, { at: finished('etcd', 's5') });
  expect(reached, said(rest)).toBe(true);
  await world.up();
  expect(await memberList(world.lab)).toEqual(voters(...ALL));
  const label = 'node-role.kubernetes.io/control-plane';
  const found = await world.operator.kubectl('get', 'nodes', '-l', label, '-o', 'jsonpath={.items[*].metadata.name}');
  expect(found.split(' ')).toEqual(ALL);
  expect(await pods()).toBe(before);
  expect((await world.up()).changed).toBe(0);
});

it('which survives the loss of the first', async () => {
  await world.lab.reboot(['s4'], { power: true });
  await world.up();
  expect(await memberList(world.lab)).toEqual(voters(...ALL));
  await expectEcho(world, ALL);
});

it('and what would take a vote away is no matter of a list', async () => {
  const finished = await world.operator.run(['up', '--control-plane', 's4']);
  expect(finished.exit, said(finished)).toBe(5);
  expect(said(finished)).toContain('k8s-diskless remove s5');
});

it('a control plane becomes a worker by a word, though the operator died on the way', async () => {
  const contrary = await world.operator.run(['up', '--demote', 's6', '--control-plane', ALL.join(',')]);
  expect(contrary.exit, said(contrary)).toBe(2);
  expect(await memberList(world.lab)).toEqual(voters(...ALL));
  await killedAt(world.operator, /take off what is ours/, ['up', '--demote', 's6']);
  const { exit, ...rest } = await world.operator.run(['up', '--demote', 's6']);
  expect(exit, said({ exit, ...rest })).toBe(0);
  expect(await memberList(world.lab)).toEqual(voters('s4', 's5'));
  const label = 'node-role.kubernetes.io/control-plane';
  const found = await world.operator.kubectl('get', 'nodes', '-l', label, '-o', 'jsonpath={.items[*].metadata.name}');
  expect(found.split(' ')).toEqual(['s4', 's5']);
  expect((await world.lab.exec('s6', ['ls', '/etc/kubernetes/pki/ca.key'])).code).not.toBe(0);
  expect((await world.up(['--demote', 's6'])).changed).toBe(0);
});
