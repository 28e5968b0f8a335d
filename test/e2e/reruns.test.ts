import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { changing, runUntil, sent, started } from './helpers/interrupt.js';
import { mainPids } from './helpers/snapshot.js';
import { deployEcho, echoPods } from './helpers/workload.js';

/* The same `up` after reboots, faults and mistakes: one control plane and its workers. */

let world: World;
const HOSTS = ['--hosts', 's4,s5,s6', '--control-plane', 's4'];

beforeAll(async () => {
  world = await createWorld('e2e-reruns', [{ name: 's4' }, { name: 's5' }, { name: 's6' }, { name: 's7' }]);
  await world.up(HOSTS);
  await deployEcho(world.operator, 3);
});
afterAll(() => world?.down());

/** Containers that containerd runs on a node, by the pod they belong to. */
async function podsRunningOn(node: string): Promise<string[]> {
  const format = 'ctr -n k8s.io containers ls -q | while read -r id; do ctr -n k8s.io containers info "$id"; done';
  const { stdout } = await world.lab.exec(node, ['bash', '-c', format]);
  return [...new Set([...stdout.matchAll(/"io\.kubernetes\.pod\.name": "([^"]+)"/g)].map(([, name = '']) => name))];
}

async function echoAnswers(): Promise<void> {
  const ip = await world.operator.kubectl('get', 'service', 'echo', '-o', 'jsonpath={.spec.clusterIP}');
  for (const node of ['s4', 's5', 's6']) {
    const answer = await world.lab.exec(node, ['curl', '-sSf', '-m', '5', `http://${ip}/`]);
    expect(answer.code, `${node}: ${answer.stderr}`).toBe(0);
  }
}

describe('reboots', () => {
  it('one worker: it comes back with its pods, and nothing else is restarted', async () => {
    const before = await mainPids(world.lab, 's4');
    await world.lab.reboot(['s5'], { power: true });
    await world.up();
    await deployEcho(world.operator, 3);
    await echoAnswers();
    expect(await mainPids(world.lab, 's4')).toEqual(before);
  });

  it('all workers', async () => {
    await world.lab.reboot(['s5', 's6']);
    await world.up();
    await deployEcho(world.operator, 3);
    await echoAnswers();
  });

  it('the only control plane, while workers stay up: a new incarnation, and nothing of the old one is left', async () => {
    const old = (await echoPods(world.operator)).map(({ name }) => name);
    expect(await podsRunningOn('s5')).toEqual(expect.arrayContaining([expect.stringMatching(/^echo-/)]));
    await world.lab.reboot(['s4'], { power: true });
    const { events } = await world.operator.events(['up']);
    expect(events).toContainEqual(expect.objectContaining({ type: 'note', code: 'etcd-bootstrap' }));
    for (const node of ['s5', 's6']) {
      for (const pod of await podsRunningOn(node)) expect(old).not.toContain(pod);
    }
    await deployEcho(world.operator, 3);
    await echoAnswers();
    expect((await world.up()).changed).toBe(0);
  });
});

describe('hosts that are missing, new, or no longer wanted', () => {
  it('a worker that is off delays nobody, and a later up adds it', async () => {
    await world.lab.powerOff(['s6']);
    await world.up([], 3);
    await world.lab.powerOn(['s6']);
    await world.up();
    await deployEcho(world.operator, 3);
  });

  it('a host added to the list joins, one taken off the list is reported and left alone', async () => {
    await world.up(['--hosts', 's4,s5,s6,s7']);
    await deployEcho(world.operator, 4);
    const before = await mainPids(world.lab, 's7');
    const { exit, events } = await world.operator.events(['up', '--hosts', 's4,s5,s6']);
    expect(exit).toBe(0);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'note', level: 'warning', message: expect.stringContaining('s7') }),
    );
    expect(await mainPids(world.lab, 's7')).toEqual(before);
    await world.operator.kubectl('delete', 'node', 's7');
    await deployEcho(world.operator, 3);
  });
});

describe('faults in the middle', () => {
  it('Ctrl-C stops cleanly, and the next run continues', async () => {
    await world.lab.reboot(['s5']);
    const stopped = await runUntil(world.operator, ['up'], { at: sent('s5', 0.3), act: (kill) => kill('SIGINT') });
    expect(stopped.reached).toBe(true);
    expect(stopped.exit, said(stopped)).toBe(130);
    await world.up();
    await deployEcho(world.operator, 3);
  });

  it('a worker reboots in the middle of its push: this up completes, or says so and the next one does', async () => {
    await world.lab.reboot(['s5']);
    const up = await runUntil(world.operator, ['up'], {
      at: sent('s5', 0.4),
      act: () => world.lab.reboot(['s5'], { power: true }),
    });
    expect(up.reached).toBe(true);
    expect([0, 3], said(up)).toContain(up.exit);
    await world.up();
    await deployEcho(world.operator, 3);
  });

  it('the only control plane reboots while its API server starts', async () => {
    await world.lab.reboot(world.nodes.filter((node) => node !== 's7'));
    const up = await runUntil(world.operator, ['up'], {
      at: changing(/start kube-apiserver/),
      act: () => world.lab.reboot(['s4'], { power: true }),
    });
    expect(up.reached).toBe(true);
    await world.up();
    await deployEcho(world.operator, 3);
  });

  it('a link that stalls in the middle of a push: the connection is given up, and the rest goes over another', async () => {
    await world.lab.reboot(['s6']);
    const up = await runUntil(world.operator, ['up'], {
      at: sent('s6', 0.3),
      async act() {
        await world.lab.partition('s6');
        await new Promise((resolve) => setTimeout(resolve, 11_000));
        await world.lab.heal('s6');
      },
    });
    expect(up.reached).toBe(true);
    if (up.exit !== 0) expect(up.exit, said(up)).toBe(3);
    await world.up();
    await deployEcho(world.operator, 3);
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
