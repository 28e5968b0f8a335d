import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OPERATOR } from '../../lab/nodes/partition.js';
import { temporaryDirectory } from '../artifacts/fixtures.js';
import { type Finished, said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { killedAt } from './helpers/interrupt.js';
import { traces } from './helpers/traces.js';

/* Machines that left by a word, and come back with all that they had: three control planes and a worker. */

const MEMBERS = ['s4', 's5', 's6'];
const CUT = { from: [OPERATOR] };
let world: World;
/** What stood on the machines before they were nodes. */
const blank = new Map<string, string>();

beforeAll(async () => {
  world = await createWorld(
    'e2e-reset',
    [...MEMBERS, 's7'].map((name) => ({ name })),
  );
  for (const name of ['s6', 's7']) blank.set(name, await traces(world.lab, name));
  await world.up(['--hosts', 's[4-7]', '--control-plane', MEMBERS.join(',')]);
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

/** The operator does not reach it, and it runs on. */
async function removedAsGone(name: string): Promise<void> {
  await world.lab.partition(name, CUT);
  try {
    await ran(0, 'remove', name, '--gone');
  } finally {
    await world.lab.heal(name);
  }
}

it('a node of the record is for remove, and a word has to be whole', async () => {
  expect(said(await ran(2, 'reset', 's9', '--yes', 's7'))).toContain('--yes s9');
  expect(said(await ran(5, 'reset', 's7', '--yes', 's7'))).toContain('k8s-diskless remove s7');
  expect(said(await ran(5, 'reset', 's9=s7', '--yes', 's9'))).toContain('k8s-diskless remove s7');
  expect((await world.up()).changed).toBe(0);
});

it('a worker that was no more comes back: nothing of ours is left on it, though the operator died on the way', async () => {
  await removedAsGone('s7');
  expect(await traces(world.lab, 's7')).not.toBe(blank.get('s7'));
  await killedAt(world.operator, /take off what is ours/, ['reset', 's7', '--yes', 's7']);
  await ran(0, 'reset', 's7', '--yes', 's7');
  expect(await traces(world.lab, 's7')).toBe(blank.get('s7'));
  expect((await world.lab.exec('s7', ['systemctl', 'start', 'kubelet'])).code).not.toBe(0);
  expect(said(await ran(0, 'reset', 's7', '--yes', 's7'))).toContain('nothing of ours is on it');
  expect(await nodes()).toEqual(MEMBERS);
});

it('a control plane’s etcd data goes only where those who have it are there to give a snapshot', async () => {
  await removedAsGone('s6');
  expect(await memberList(world.lab)).toEqual(voters('s4', 's5'));
  const elsewhere = join(temporaryDirectory(), 'state');
  const unknown = await ran(5, 'reset', 's6', '--yes', 's6', '--state-dir', elsewhere);
  expect(said(unknown)).toContain('no cluster that is recorded here');
  await world.lab.exec('s5', ['systemctl', 'stop', 'etcd']);
  expect(said(await ran(5, 'reset', 's6', '--yes', 's6'))).toContain('in no verified snapshot');
  expect((await world.lab.exec('s6', ['ls', '/var/lib/etcd/member'])).code).toBe(0);
  await world.up();
  expect(said(await ran(0, 'reset', 's6', '--yes', 's6'))).toContain('has what its etcd data has');
  expect(await traces(world.lab, 's6')).toBe(blank.get('s6'));
  await world.operator.kubectl('create', 'configmap', 'after-it');
  expect((await world.up()).changed).toBe(0);
});

it('both come back by the list, as new nodes', async () => {
  await world.up(['--hosts', 's[4-7]', '--control-plane', MEMBERS.join(',')]);
  expect(await nodes()).toEqual([...MEMBERS, 's7']);
  expect(await memberList(world.lab)).toEqual(voters(...MEMBERS));
});
