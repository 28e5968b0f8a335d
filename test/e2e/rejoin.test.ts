import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DisklessError } from '../../src/errors.js';
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

describe('a member is cut off from the others, and we reach it', () => {
  /** What ended on that node, in the order it did; each node of the others is well. */
  async function cutOff(): Promise<DisklessError[]> {
    const { exit, events, ...rest } = await world.operator.events(['up']);
    expect(exit, said({ exit, ...rest })).toBe(3);
    const end = events.find((event) => event.type === 'run-finished');
    if (end?.type !== 'run-finished') throw new Error('up did not finish its events');
    expect(end.nodes.filter(({ state }) => state === 'failed').map(({ name }) => name)).toEqual(['s6']);
    return events.flatMap((event) => (event.type === 'step-finished' && event.error ? [event.error] : []));
  }

  it('it is named with those it does not reach, once, and not waited for until its time is up', async () => {
    await world.lab.partition('s6');
    try {
      expect(await cutOff()).toEqual([
        expect.objectContaining({
          code: 'cut-off',
          host: 's6',
          message: expect.stringMatching(/reaches no other etcd member on port 2380 \(s4 .*, s5 .*\)/),
        }),
      ]);
      await kept();
    } finally {
      await world.lab.heal('s6');
    }
    await world.up();
    expect(await memberList(world.lab)).toEqual(VOTERS);
  });

  it('it lost its data and cannot join: it is left out, and joins when the link is back', async () => {
    await world.lab.reboot(['s6'], { power: true });
    await world.lab.partition('s6');
    try {
      const errors = await cutOff();
      expect(errors[0]).toMatchObject({ host: 's6', step: 'etcd' });
      expect(errors.map(({ host }) => host)).toEqual(errors.map(() => 's6'));
      expect(errors.map(({ code }) => code)).not.toContain('node-not-ready');
      expect(await memberList(world.lab)).toEqual(voters('s4', 's5'));
    } finally {
      await world.lab.heal('s6');
    }
    await world.up();
    expect(await memberList(world.lab)).toEqual(VOTERS);
    await kept();
  });
});
