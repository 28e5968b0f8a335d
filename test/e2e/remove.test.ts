import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Finished, said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { killedAt } from './helpers/interrupt.js';
import { traces } from './helpers/traces.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/* Nodes leave: what they were, and what the others and their machines have of it afterwards. */

const MEMBERS = ['s4', 's5', 's6'];
const ALL = [...MEMBERS, 's7', 's8'];
let world: World;
/** What stood on the machine before it was ever a node. */
let blank: string;

beforeAll(async () => {
  world = await createWorld(
    'e2e-remove',
    ALL.map((name) => ({ name })),
  );
  blank = await traces(world.lab, 's7');
  await world.up(['--hosts', ALL.join(','), '--control-plane', MEMBERS.join(',')]);
  await deployEcho(world.operator, ALL.length);
});
afterAll(() => world?.down());

async function ran(exit: number, ...args: string[]): Promise<Finished> {
  const finished = await world.operator.run(args);
  expect(finished.exit, said(finished)).toBe(exit);
  return finished;
}

async function nodes(): Promise<string[]> {
  return (await world.operator.kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
}

const routesTo = async (node: string, address: string): Promise<string> =>
  (await world.lab.exec(node, ['ip', '-4', 'route', 'show', 'proto', '77'])).stdout
    .split('\n')
    .filter((line) => line.includes(address))
    .join('\n');

async function addressOf(node: string): Promise<string> {
  const path = '{.status.addresses[?(@.type=="InternalIP")].address}';
  return world.operator.kubectl('get', 'node', node, '-o', `jsonpath=${path}`);
}

it('who is unknown, or answers though it is said to be gone, is refused, and nothing is changed', async () => {
  expect(said(await ran(2, 'remove', 's9'))).toContain('s9 is no node of this cluster');
  expect(said(await ran(5, 'remove', 's7', '--gone'))).toContain('s7 answers');
  expect((await world.up()).changed).toBe(0);
});

it('a worker leaves: nothing of ours is left on it, and no kubelet can bring it back', async () => {
  const address = await addressOf('s7');
  expect(await routesTo('s4', address)).not.toBe('');
  await killedAt(world.operator, /take off what is ours/, ['remove', 's7']);
  // It has left the record: no run takes it in again.
  expect(said(await ran(0, 'up'))).toContain('remove s7');
  expect(said(await ran(5, 'up', '--hosts', ALL.join(',')))).toContain('its removal was begun');
  await ran(0, 'remove', 's7');
  expect(await nodes()).toEqual(['s4', 's5', 's6', 's8']);
  expect(await routesTo('s4', address)).toBe('');
  expect(await traces(world.lab, 's7')).toBe(blank);
  const { code } = await world.lab.exec('s7', ['systemctl', 'start', 'kubelet']);
  expect(code).not.toBe(0);
  expect((await world.up()).changed).toBe(0);
  expect(await nodes()).toEqual(['s4', 's5', 's6', 's8']);
});

it('a control plane leaves: the others are a quorum, and the API answers', async () => {
  const { stderr } = await ran(0, 'remove', 's6');
  expect(stderr).toContain('has held the kubernetes CA');
  expect(await memberList(world.lab)).toEqual(voters('s4', 's5'));
  expect(await nodes()).toEqual(['s4', 's5', 's8']);
  await world.operator.kubectl('create', 'configmap', 'after-it');
  expect((await world.up()).changed).toBe(0);
});

it('one whose machine is no more leaves by a word', async () => {
  await world.lab.powerOff(['s8']);
  expect(said(await ran(4, 'remove', 's8'))).toContain('--gone');
  await ran(0, 'remove', 's8', '--gone');
  expect(await nodes()).toEqual(['s4', 's5']);
  expect(await world.operator.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}')).not.toContain('s8');
});

it('whoever was removed comes back by the list, as a new node', async () => {
  // Those that go were never scheduled.
  await world.operator.kubectl('scale', 'deployment', 'echo', '--replicas=4');
  await world.up(['--hosts', 's4,s5,s6,s7', '--control-plane', 's4,s5,s6']);
  expect(await nodes()).toEqual(['s4', 's5', 's6', 's7']);
  expect(await memberList(world.lab)).toEqual(voters(...MEMBERS));
  await expectEcho(world, ['s4', 's5', 's6', 's7']);
});
