import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { runUntil, sent, started } from './helpers/interrupt.js';
import { mainPids } from './helpers/snapshot.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/* The same `up` after reboots and mistakes: one control plane and its workers. */

let world: World;
const HOSTS = ['--hosts', 's4,s5,s6', '--control-plane', 's4'];

beforeAll(async () => {
  world = await createWorld('e2e-reruns', [{ name: 's4' }, { name: 's5' }, { name: 's6' }, { name: 's7' }]);
});
afterAll(() => world?.down());

/** Containers that containerd runs on a node, by the pod they belong to. */
async function podsRunningOn(node: string): Promise<string[]> {
  const format = 'ctr -n k8s.io containers ls -q | while read -r id; do ctr -n k8s.io containers info "$id"; done';
  const { stdout } = await world.lab.exec(node, ['bash', '-c', format]);
  return [...new Set([...stdout.matchAll(/"io\.kubernetes\.pod\.name": "([^"]+)"/g)].map(([, name = '']) => name))];
}

const NODES = ['s4', 's5', 's6'];
/** Once added, it stays recorded: a plain `up` is for it too. */
const WITH_S7 = [...NODES, 's7'];
/** What a restart of shows that it serves another incarnation. */
const OF_AN_INCARNATION = ['kubelet.service', 'kube-proxy.service'];

describe('the first bring-up', () => {
  it('does without a worker that is off (exit 3), and a later up adds it', async () => {
    await world.lab.powerOff(['s6']);
    await world.up(HOSTS, 3);
    await deployEcho(world.operator, 2);
    await expectEcho(world, ['s4', 's5']);
    await world.lab.powerOn(['s6']);
    await world.up();
    await deployEcho(world.operator, 3);
    await expectEcho(world, NODES);
  });
});

describe('reboots', () => {
  it('one worker: it comes back with its pods, and nothing else is restarted', async () => {
    const before = await mainPids(world.lab, 's4');
    await world.lab.reboot(['s5'], { power: true });
    await world.up();
    await expectEcho(world, NODES);
    expect(await mainPids(world.lab, 's4')).toEqual(before);
  });

  it('all workers', async () => {
    await world.lab.reboot(['s5', 's6']);
    await world.up();
    await expectEcho(world, NODES);
  });

  it('the only control plane, while workers stay up: it comes back from its snapshot, and their pods run through', async () => {
    const old = await podsRunningOn('s5');
    expect(old).toEqual(expect.arrayContaining([expect.stringMatching(/^echo-/)]));
    const before = await Promise.all(['s5', 's6'].map((node) => mainPids(world.lab, node)));
    await world.lab.reboot(['s4'], { power: true });
    const { events } = await world.operator.events(['up']);
    expect(events).toContainEqual(expect.objectContaining({ type: 'note', code: 'etcd-bootstrap' }));
    await expectEcho(world, NODES);
    expect(await podsRunningOn('s5')).toEqual(old);
    for (const [index, node] of ['s5', 's6'].entries()) {
      const now = await mainPids(world.lab, node);
      for (const unit of OF_AN_INCARNATION) expect(now[unit], `${unit} of ${node}`).not.toBe(before[index]?.[unit]);
    }
    expect((await world.up()).changed).toBe(0);
  });
});

describe('hosts that are new, or no longer wanted', () => {
  it('a host added to the list joins, one taken off the list is reported and left alone', async () => {
    await world.up(['--hosts', 's4,s5,s6,s7']);
    await deployEcho(world.operator, 4);
    await expectEcho(world, WITH_S7);
    const before = await mainPids(world.lab, 's7');
    const { exit, events } = await world.operator.events(['up', '--hosts', 's4,s5,s6']);
    expect(exit).toBe(0);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'note', level: 'warning', message: expect.stringContaining('s7') }),
    );
    expect(await mainPids(world.lab, 's7')).toEqual(before);
    await world.operator.kubectl('delete', 'node', 's7');
    await deployEcho(world.operator, 3);
    await expectEcho(world, NODES);
  });
});

describe('in the middle', () => {
  it('Ctrl-C stops cleanly, and the next run continues', async () => {
    await world.lab.reboot(['s5']);
    const stopped = await runUntil(world.operator, ['up'], { at: sent('s5', 0.3), act: (kill) => kill('SIGINT') });
    expect(stopped.reached).toBe(true);
    expect(stopped.exit, said(stopped)).toBe(130);
    await world.up();
    await expectEcho(world, NODES);
  });

  it('two ups at once: one works, the other is refused', async () => {
    await world.lab.reboot(['s5']);
    let second: Awaited<ReturnType<World['operator']['run']>> | undefined;
    const first = await runUntil(world.operator, ['up'], {
      at: started('send-worker', 's5'),
      async act() {
        second = await world.operator.run(['up']);
      },
    });
    expect(first.exit, said(first)).toBe(0);
    expect(second?.exit).toBe(5);
  });
});

describe('a lost state directory', () => {
  it('is no reason to take the nodes over: refused, and nothing is changed', async () => {
    const { stateDir } = world.operator;
    const aside = await mkdtemp(`${stateDir}-aside-`);
    await rename(stateDir, join(aside, 'state'));
    const before = await mainPids(world.lab, 's4');
    const refused = await world.operator.run(['up', ...HOSTS]);
    expect(refused.exit, said(refused)).toBe(5);
    expect(await mainPids(world.lab, 's4')).toEqual(before);
    await rm(stateDir, { recursive: true, force: true });
    await cp(join(aside, 'state'), stateDir, { recursive: true });
    await rm(aside, { recursive: true });
    expect((await world.up()).changed).toBe(0);
  });
});
