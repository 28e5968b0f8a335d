import { afterAll, beforeAll, expect, it } from 'vitest';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { expectWorkingNetwork } from './helpers/expect-network.js';

/* All authorities of a living cluster get new certificates over their keys. */

const MEMBERS = ['s4', 's5', 's6'];
let world: World;

beforeAll(async () => {
  world = await createWorld(
    'e2e-pki-renew',
    MEMBERS.map((name) => ({ name })),
  );
  await world.up(['--hosts', MEMBERS.join(',')]);
  await world.operator.kubectl('create', 'configmap', 'kept');
});
afterAll(() => world?.down());

it('up brings them to the nodes, one control plane after the other, and nothing is lost', async () => {
  const before = await memberList(world.lab);
  const renewed = await world.operator.run(['pki', 'renew', '--all']);
  expect(renewed.exit, said(renewed)).toBe(0);
  // Nobody but the operator knows of it yet.
  await world.operator.kubectl('get', 'configmap', 'kept');
  expect((await world.up()).changed).toBeGreaterThan(0);
  await world.operator.kubectl('get', 'configmap', 'kept');
  expect(await memberList(world.lab)).toEqual(before);
  expect(before).toEqual(voters(...MEMBERS));
  expect((await world.up()).changed).toBe(0);
});

it('the network carries pods, services, DNS and webhooks', () => expectWorkingNetwork(world));
