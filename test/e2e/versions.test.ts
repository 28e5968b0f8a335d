import { afterEach, describe, expect, it } from 'vitest';
import { writeVersionRecord } from '../../lab/records/version-records.js';
import { commit as describeCommit } from '../../performance/machine.js';
import { voidRun } from '../../src/bench/analysis/rounds.js';
import { VERSION_TABLE, type VersionRow } from '../../src/config/version-table.js';
import { runBench } from './helpers/bench.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { expectWorkingNetwork } from './helpers/expect-network.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/*
 * Every row of the version table, brought up on nodes. What ran is recorded, and a row without a record is none.
 * K8S_DISKLESS_TEST_VERSIONS=1.35,1.36 runs some of them.
 */

const only = process.env.K8S_DISKLESS_TEST_VERSIONS?.split(',');
const rows = VERSION_TABLE.filter(({ minor }) => only === undefined || only.includes(`1.${minor}`));
// Before the first record makes the tree differ from it.
const commit = describeCommit();
const ENDS = [VERSION_TABLE[0], VERSION_TABLE.at(-1)];

let world: World | undefined;
afterEach(async () => {
  await world?.down();
  world = undefined;
});

const name = ({ minor }: VersionRow): string => `1.${minor}`;

async function containerdVersion({ lab }: World, node: string): Promise<string> {
  const { stdout } = await lab.exec(node, ['containerd', '--version']);
  return / v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? '';
}

async function nodeVersions({ operator }: World): Promise<string[]> {
  const path = '{.items[*].status.nodeInfo.kubeletVersion}';
  return (await operator.kubectl('get', 'nodes', '-o', `jsonpath=${path}`)).split(' ');
}

/** One control plane and a worker: everything that a first week shows. */
async function oneControlPlane(row: VersionRow): Promise<{ shown: string[]; containerd: string }> {
  world = await createWorld(`versions-${row.minor}`, [{ name: 's4' }, { name: 's5' }], { generation: name(row) });
  await world.up(['--hosts', 's4,s5']);
  expect(await nodeVersions(world)).toEqual([`v${row.kubernetes}`, `v${row.kubernetes}`]);
  await expectWorkingNetwork(world);
  const bench = await runBench(world.operator);
  expect(bench.exit, bench.stderr).toBe(0);
  expect(voidRun(bench.record)).toEqual([]);
  expect((await world.up()).changed).toBe(0);

  await world.lab.reboot(['s4'], { power: true });
  await world.up();
  await deployEcho(world.operator, 2);
  await expectEcho(world, world.nodes);

  await world.lab.reboot(world.nodes, { power: true });
  await world.up();
  await expectWorkingNetwork(world);
  const shown = [
    'one control plane and a worker',
    'pods, services, DNS and a webhook across nodes',
    'bench --preset quick',
    'again: nothing changed',
    'control plane rebooted',
    'all nodes rebooted',
  ];
  return { shown, containerd: await containerdVersion(world, 's4') };
}

/**
 * Three control planes: one lost and taken in again without losing an object, then all of them. The oldest version runs
 * on the oldest containerd here.
 */
async function threeControlPlanes(row: VersionRow): Promise<{ shown: string[]; containerd: string }> {
  const members = ['s4', 's5', 's6'];
  const requests = members.map((member) => ({ name: member }));
  const generation = row === VERSION_TABLE[0] ? 'oldest' : name(row);
  world = await createWorld(`versions-${row.minor}-3`, requests, { generation });
  await world.up(['--hosts', members.join(',')]);
  await world.operator.kubectl('create', 'configmap', 'kept');
  await world.lab.reboot(['s5'], { power: true });
  await world.up();
  expect(await memberList(world.lab)).toEqual(voters(...members));
  await world.operator.kubectl('get', 'configmap', 'kept');
  await expectWorkingNetwork(world);
  await world.lab.reboot(members, { power: true });
  await world.up();
  await deployEcho(world.operator, 3);
  await expectEcho(world, members);
  const shown = ['three control planes', 'one of three rebooted, no object lost', 'all three rebooted'];
  return { shown, containerd: await containerdVersion(world, 's4') };
}

describe.each(rows.map((row) => [row.kubernetes, row] as const))('Kubernetes %s', (_version, row) => {
  it('comes up, works and comes back', { timeout: 1_800_000 }, async () => {
    const first = await oneControlPlane(row);
    await world?.down();
    const isEnd = ENDS.includes(row);
    const parts = isEnd ? [first, await threeControlPlanes(row)] : [first];
    writeVersionRecord({
      kubernetes: row.kubernetes,
      etcd: row.etcd,
      cni: row.cni,
      coredns: VERSION_TABLE.at(-1)?.coredns.replace(/^v/, '') ?? '',
      containerd: [...new Set(parts.map(({ containerd }) => containerd))].join(' and '),
      controlPlanes: isEnd ? [1, 3] : [1],
      shown: parts.flatMap(({ shown }) => shown),
      ran: new Date().toISOString().slice(0, 10),
      commit,
    });
  });
});
