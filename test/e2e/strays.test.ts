import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR } from '../../lab/nodes/partition.js';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import type { RunEvent } from '../../src/runner/events.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { finished, runUntil } from './helpers/interrupt.js';

/*
 * Two of three control planes lose power. What only the survivor holds, no snapshot has: it comes back by a person's word,
 * and none of it goes before a copy is kept.
 */

const MEMBERS = ['s4', 's5', 's6'];
let world: World;

beforeAll(async () => {
  world = await createWorld(
    'e2e-strays',
    MEMBERS.map((name) => ({ name })),
  );
  await world.up(['--hosts', 's[4-6]']);
});
afterAll(() => world?.down());

const write = (name: string): Promise<string> => world.operator.kubectl('create', 'configmap', name);
const read = (name: string): Promise<string> => world.operator.kubectl('get', 'configmap', name, '-o', 'name');
const messages = (events: readonly RunEvent[]): string =>
  events.flatMap((event) => (event.type === 'note' ? [event.message] : [])).join('\n');

async function strays(): Promise<SnapshotInfo[]> {
  return JSON.parse((await world.operator.run(['backups', '--output', 'json'])).stdout).strays;
}

async function runs(node: string, unit: string): Promise<string> {
  return (await world.lab.exec(node, ['systemctl', 'show', '-p', 'ActiveState', '--value', unit])).stdout.trim();
}

describe('two of three control planes lose power', () => {
  it('the refusal names how far the survivor is; a plan says what would be done, and touches nothing', async () => {
    await write('only-the-survivor');
    await world.lab.reboot(['s5', 's6'], { power: true });
    const refused = await world.operator.events(['up']);
    expect(refused.exit).toBe(5);
    expect(refused.stdout).toMatch(/held: s4 \(incarnation 1, revision \d+, last written 2/);
    expect(refused.stdout).toContain('--recover-from s4 goes on with what s4 holds');
    const plan = await world.operator.run(['plan', '--recover-from', 's4']);
    expect(plan.exit, said(plan)).toBe(0);
    expect(plan.stdout.replaceAll(/\s+/g, ' ')).toContain('what s4 holds is restored on s4, s5, s6 (incarnation 2)');
    expect([await runs('s4', 'etcd'), await strays()]).toEqual(['active', []]);
  });

  it('killed when the copy was kept and nothing recorded: the survivor has its data, and is asked about again', async () => {
    const killed = await runUntil(world.operator, ['up', '--recover-from', 's4'], { at: finished('strays') });
    expect(killed.reached, said(killed)).toBe(true);
    expect(await strays()).toMatchObject([{ node: 's4', incarnation: 1, reason: 'recover-from' }]);
    expect((await world.lab.exec('s4', ['ls', '/var/lib/etcd/member'])).stdout).toContain('snap');
  });

  it('--recover-from brings back what only it had, killed in between too', async () => {
    const killed = await runUntil(world.operator, ['up', '--recover-from', 's4'], { at: finished('record') });
    expect(killed.reached, said(killed)).toBe(true);
    const { exit, events, ...rest } = await world.operator.events(['up']);
    expect(exit, said({ exit, ...rest })).toBe(0);
    expect(messages(events)).toMatch(/continuing the interrupted restore of the snapshot 1-\d+-s4/);
    await read('only-the-survivor');
    expect(await memberList(world.lab)).toEqual(voters(...MEMBERS));
    const { stdout } = await world.operator.run(['status']);
    expect(stdout).toMatch(/strays, copies of data that went: 1-\d+-s4/);
    expect((await world.up()).changed).toBe(0);
  });

  it('a survivor that comes back after a restore is copied, and taken in by itself', async () => {
    const kept = await world.operator.run(['backup']);
    expect(kept.exit, said(kept)).toBe(0);
    await write('after-the-snapshot');
    await world.lab.partition('s4', { from: ['s5', 's6', OPERATOR] });
    try {
      await world.lab.reboot(['s5', 's6'], { power: true });
      await world.up(['--lost', 's4'], 3);
    } finally {
      await world.lab.heal('s4');
    }
    const { exit, events, ...rest } = await world.operator.events(['up']);
    expect(exit, said({ exit, ...rest })).toBe(0);
    expect(messages(events)).toMatch(/stray 2-\d+-s4 keeps what s4 held of incarnation 2/);
    expect(await memberList(world.lab)).toEqual(voters(...MEMBERS));
    const [stray] = await strays();
    const shown = await world.operator.run(['backups', 'show', String(stray?.id), '--objects']);
    expect(shown.stdout).toContain('configmaps default/after-the-snapshot');
    const verified = await world.operator.run(['backups', 'verify']);
    expect(verified.exit, said(verified)).toBe(0);
  });
});
