import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DisklessError } from '../../src/errors.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { finished, runUntil } from './helpers/interrupt.js';
import { mainPids } from './helpers/snapshot.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/* What becomes of etcd: three control planes and a worker that stays up while they do not. */

let world: World;
const MEMBERS = ['s4', 's5', 's6'];

beforeAll(async () => {
  world = await createWorld(
    'e2e-quorum',
    [...MEMBERS, 's7'].map((name) => ({ name })),
  );
  await world.up(['--hosts', 's[4-7]']);
  expect(await memberList(world.lab)).toEqual(VOTERS);
  await world.operator.kubectl('create', 'configmap', 'kept');
  await deployEcho(world.operator, 4);
  const kept = await world.operator.run(['backup']);
  expect(kept.exit, said(kept)).toBe(0);
});
afterAll(() => world?.down());

const kept = (): Promise<string> => world.operator.kubectl('get', 'configmap', 'kept', '-o', 'name');

const VOTERS = voters(...MEMBERS);

async function containersOnWorker(): Promise<string[]> {
  const { stdout } = await world.lab.exec('s7', ['ctr', '-n', 'k8s.io', 'containers', 'ls', '-q']);
  return stdout.split('\n').filter(Boolean);
}

async function running(node: string): Promise<boolean> {
  const { stdout } = await world.lab.exec(node, ['systemctl', 'show', '-p', 'ActiveState', '--value', 'etcd']);
  return stdout.trim() === 'active';
}

/** The error `up` ends with, and the proof that it touched no survivor. */
async function refusal(survivors: readonly string[]): Promise<Pick<DisklessError, 'code' | 'message' | 'hint'>> {
  const before = await Promise.all(survivors.map((node) => mainPids(world.lab, node)));
  const { exit, events, ...rest } = await world.operator.events(['up']);
  expect(exit, said({ exit, ...rest })).toBe(5);
  const after = await Promise.all(survivors.map((node) => mainPids(world.lab, node)));
  for (const [index, pids] of after.entries()) {
    // Controllers that cannot renew their lease end by themselves: that is Kubernetes, not us.
    for (const unit of ['etcd', 'kube-apiserver', 'kubelet', 'kube-proxy', 'containerd']) {
      expect(pids[`${unit}.service`], unit).toBe(before[index]?.[`${unit}.service`]);
    }
  }
  const judged = events.find((event) => event.type === 'step-finished' && event.step === 'judge');
  if (judged?.type !== 'step-finished' || judged.error === undefined) throw new Error('judge did not refuse');
  return judged.error;
}

describe('no quorum', () => {
  it('a control plane that is off may hold the data: no second cluster is made beside it', async () => {
    await world.lab.powerOff(['s4']);
    await world.lab.reboot(['s5', 's6']);
    expect(await refusal(['s7'])).toMatchObject({
      code: 'may-hold-data',
      message: expect.stringContaining('s4 cannot be reached'),
      hint: 'bring s4 back, or confirm with --lost s4 that it is permanently off and its data lost',
    });
    await world.lab.powerOn(['s4']);
  });

  it('all three were rebooted: the cluster comes back from its snapshot, and pods of the worker run through', async () => {
    const before = await containersOnWorker();
    const { exit, events, ...rest } = await world.operator.events(['up']);
    expect(exit, said({ exit, ...rest })).toBe(0);
    const verdict = events.find((event) => event.type === 'note' && event.code === 'etcd-bootstrap');
    expect(verdict?.type === 'note' && verdict.message).toMatch(/restoring the snapshot 1-\d+ \(/);
    await kept();
    await expectEcho(world, [...MEMBERS, 's7']);
    expect(await containersOnWorker()).toEqual(expect.arrayContaining(before));
    expect(await memberList(world.lab)).toEqual(VOTERS);
  });

  it('again, and a person wants none of it: a new incarnation, nothing of the old one left', async () => {
    await world.lab.reboot(MEMBERS, { power: true });
    const before = await containersOnWorker();
    expect(before).not.toEqual([]);
    await world.up(['--empty']);
    const now = await containersOnWorker();
    for (const id of before) expect(now).not.toContain(id);
    await expect(kept()).rejects.toThrow(/NotFound/);
    await world.operator.kubectl('create', 'configmap', 'kept');
    await deployEcho(world.operator, 4);
  });

  it('two of three rebooted: refused, the survivor untouched; --discard-data goes back to the last snapshot', async () => {
    await world.lab.reboot(['s5', 's6'], { power: true });
    expect(await refusal(['s4', 's7'])).toMatchObject({
      code: 'quorum-lost',
      message: expect.stringMatching(/s5 lost its data, s6 lost its data/),
      hint: expect.stringMatching(
        /--discard-data s4 keeps a copy of that data, deletes it there and restores the snapshot 3-\d+$/,
      ),
    });
    const { exit, events, ...rest } = await world.operator.events(['up', '--discard-data', 's4']);
    expect(exit, said({ exit, ...rest })).toBe(0);
    const verdict = events.find((event) => event.type === 'note' && event.code === 'etcd-bootstrap');
    expect(verdict?.type === 'note' && verdict.message).toContain('s4');
    await expect(kept()).rejects.toThrow(/NotFound/);
    expect(await memberList(world.lab)).toEqual(VOTERS);
    await deployEcho(world.operator, 4);
    expect((await world.up()).changed).toBe(0);
  });

  it('an operator killed when the loss was recorded, and nothing wiped yet: the next up goes on with that', async () => {
    await world.operator.kubectl('create', 'configmap', 'kept');
    const owner = async (): Promise<string> =>
      (await world.lab.exec('s4', ['cat', '/var/lib/etcd/k8s-diskless'])).stdout;
    const before = await owner();
    await world.lab.reboot(['s5', 's6'], { power: true });
    const killed = await runUntil(world.operator, ['up', '--discard-data', 's4'], { at: finished('record') });
    expect(killed.reached, said(killed)).toBe(true);
    expect(await owner()).toBe(before);
    await world.up();
    expect(await owner()).not.toBe(before);
    await expect(kept()).rejects.toThrow(/NotFound/);
    expect(await memberList(world.lab)).toEqual(VOTERS);
    expect((await world.up()).changed).toBe(0);
  });
});

describe('etcd was stopped', () => {
  it('on two of three: plan says that it would start them, and up does before it judges; nothing is lost', async () => {
    await world.operator.kubectl('create', 'configmap', 'kept');
    for (const node of ['s5', 's6']) await world.lab.exec(node, ['systemctl', 'stop', 'kube-apiserver', 'etcd']);
    const planned = await world.operator.run(['plan']);
    expect(planned.exit, said(planned)).toBe(0);
    expect(planned.stdout.replaceAll(/\s+/g, ' ')).toContain('s5, s6 are started, and all is judged again');
    expect(await running('s5')).toBe(false);
    await world.up();
    expect(await memberList(world.lab)).toEqual(VOTERS);
    await kept();
    expect((await world.up()).changed).toBe(0);
  });

  it('and its unit masked: that is asked about, and the data is left alone', async () => {
    const unit = '/etc/systemd/system/etcd.service';
    for (const node of ['s5', 's6']) {
      await world.lab.exec(node, ['systemctl', 'stop', 'kube-apiserver', 'etcd']);
      await world.lab.exec(node, ['sh', '-c', `ln -sf /dev/null ${unit} && systemctl daemon-reload`]);
    }
    expect(await refusal(['s4', 's7'])).toMatchObject({
      code: 'etcd-masked',
      hint: expect.stringContaining('unmask etcd.service on s5, s6'),
    });
    for (const node of ['s5', 's6']) await world.lab.exec(node, ['systemctl', 'unmask', 'etcd']);
    await world.up();
    expect(await memberList(world.lab)).toEqual(VOTERS);
    await kept();
  });
});
