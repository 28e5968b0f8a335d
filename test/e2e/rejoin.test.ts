import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { changing, runUntil } from './helpers/interrupt.js';
import { deployEcho } from './helpers/workload.js';

/* Members that come back to an etcd which lives: three control planes and a worker. */

let world: World;
const MEMBERS = ['s4', 's5', 's6'];
const VOTERS = voters(...MEMBERS);

beforeAll(async () => {
  world = await createWorld(
    'e2e-rejoin',
    [...MEMBERS, 's7'].map((name) => ({ name })),
  );
  await world.up(['--hosts', 's[4-7]']);
  expect(await memberList(world.lab)).toEqual(VOTERS);
  await world.operator.kubectl('create', 'configmap', 'kept');
});
afterAll(() => world?.down());

const kept = (): Promise<string> => world.operator.kubectl('get', 'configmap', 'kept', '-o', 'name');

describe('a quorum lives', () => {
  it.each([
    ['its old entry was removed', /remove old etcd member/],
    ['it was added as a learner', /add etcd learner/],
    ['it runs as a learner', /start etcd\.service/],
    ['it was promoted', /promote etcd member/],
  ])('an operator killed when %s: the next up brings the member back, no object is lost', async (_title, moment) => {
    await world.lab.reboot(['s6'], { power: true });
    const killed = await runUntil(world.operator, ['up'], { at: changing(moment) });
    expect(killed.reached, said(killed)).toBe(true);
    await world.up();
    expect(await memberList(world.lab)).toEqual(VOTERS);
    await kept();
  });

  it('a member that was stopped and one that lost its data: the one is started, then the other taken in', async () => {
    await world.lab.exec('s5', ['systemctl', 'stop', 'etcd', 'kube-apiserver']);
    await world.lab.reboot(['s6'], { power: true });
    await world.up();
    expect(await memberList(world.lab)).toEqual(VOTERS);
    await kept();
    await deployEcho(world.operator, 4);
  });
});
