import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR } from '../../lab/nodes/partition.js';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';

let world: World;
const MEMBERS = ['s4', 's5', 's6'];

beforeAll(async () => {
  world = await createWorld(
    'e2e-older-data',
    MEMBERS.map((name) => ({ name })),
  );
  await world.up(['--hosts', 's[4-6]']);
  await world.operator.kubectl('create', 'configmap', 'kept');
});
afterAll(() => world?.down());

describe('a control plane comes back with data of an older incarnation', () => {
  it('is kept as a stray, and taken in by itself', async () => {
    await world.lab.partition('s4', { from: [...MEMBERS.slice(1), OPERATOR] });
    try {
      await world.lab.reboot(['s5', 's6'], { power: true });
      await world.up(['--lost', 's4'], 3);
    } finally {
      await world.lab.heal('s4');
    }
    // The API server of s4 still stands on what s4 holds, and is the one that a kubeconfig names.
    const server = `https://${world.lab.node('s5').nics[0]?.address}:6443`;
    const asked = world.operator.kubectl('--server', server, 'get', 'configmap', 'kept', '-o', 'name');
    await expect(asked).rejects.toThrow(/NotFound/);
    const { exit, events, ...rest } = await world.operator.events(['up']);
    expect(exit, said({ exit, ...rest })).toBe(0);
    const kept = events.find((event) => event.type === 'note' && event.code === 'stray-kept');
    expect(kept?.type === 'note' && kept.message).toMatch(/^stray 1-\d+-s4 keeps what s4 held of incarnation 1$/);
    const { stdout } = await world.operator.run(['backups', '--output', 'json']);
    const [stray] = JSON.parse(stdout).strays as SnapshotInfo[];
    expect(stray).toMatchObject({ node: 's4', incarnation: 1, stray: { how: 'snapshot' }, problems: [] });
    const shown = await world.operator.run(['backups', 'show', String(stray?.id), '--objects']);
    expect(shown.stdout).toContain('configmaps default/kept');
    expect(await memberList(world.lab)).toEqual(voters(...MEMBERS));
    expect((await world.up()).changed).toBe(0);
  });
});
