import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { changing, finished, runUntil, sent, started } from './helpers/interrupt.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/* What happens to nodes and links while `up` is at work, and what it does about it: one control plane, two workers. */

let world: World;
const NODES = ['s4', 's5', 's6'];

beforeAll(async () => {
  world = await createWorld(
    'e2e-faults',
    NODES.map((name) => ({ name })),
  );
  await world.up(['--hosts', 's4,s5,s6', '--control-plane', 's4']);
  await deployEcho(world.operator, 3);
});
afterAll(() => world?.down());

describe('faults', () => {
  it('a worker that is off delays nobody, and a later up adds it', async () => {
    await world.lab.powerOff(['s6']);
    await world.up([], 3);
    await world.lab.powerOn(['s6']);
    await world.up();
    await expectEcho(world, NODES);
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
    await expectEcho(world, NODES);
  });

  it('a worker reboots between its kubelet and Ready: this up notices, and completes', async () => {
    await world.lab.reboot(['s5']);
    const up = await runUntil(world.operator, ['up'], {
      at: started('kubelet', 's5'),
      // It finds no API, and waits.
      async act(_kill, until) {
        await world.lab.partition('s5', { from: ['s4'] });
        await until(finished('kubelet', 's5'));
        await world.lab.reboot(['s5'], { power: true });
        await world.lab.heal('s5');
      },
    });
    expect(up.reached).toBe(true);
    expect(up.exit, said(up)).toBe(0);
    expect(up.events).toContainEqual(expect.objectContaining({ type: 'note', code: 'another-pass' }));
    await expectEcho(world, NODES);
  });

  it('the only control plane reboots while its API server starts', async () => {
    await world.lab.reboot(NODES);
    const up = await runUntil(world.operator, ['up'], {
      at: changing(/start kube-apiserver/),
      act: () => world.lab.reboot(['s4'], { power: true }),
    });
    expect(up.reached).toBe(true);
    await world.up();
    await deployEcho(world.operator, 3);
    await expectEcho(world, NODES);
  });

  it('a link that stalls in the middle of a push: the connection is given up, and the rest goes over another', async () => {
    await world.lab.reboot(['s6']);
    await world.lab.breakSsh('s6', { how: 'stall', afterBytes: 10_000_000, connections: 1 });
    const up = await world.operator.events(['up']);
    await world.lab.breakSsh('s6', undefined);
    expect(up.exit, said(up)).toBe(0);
    const reconnected = { type: 'note', code: 'reconnecting', node: 's6', message: expect.stringContaining('stalled') };
    expect(up.events).toContainEqual(expect.objectContaining(reconnected));
    await expectEcho(world, NODES);
  });
});
