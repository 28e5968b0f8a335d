import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { type PassResult, runPass } from '../../src/reconcile/pass.js';
import { withRun } from '../../src/reconcile/run.js';
import { judge, upSequence } from '../../src/reconcile/up-sequence.js';
import { readClusterRecord, writeClusterRecord } from '../../src/state/record-files.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { artifactsDirectory, temporaryDirectory } from '../artifacts/fixtures.js';
import { FakeEtcd } from '../helpers/fake-etcd.js';
import { startFleet } from '../helpers/fake-node/fleet.js';
import { prepareUp, upUntilSent } from '../helpers/up-until-sent.js';
import { virtualClock } from '../helpers/virtual-clock.js';

/*
 * A living cluster as the release before left it, from what its machines say to what is done there. Its marker beside
 * etcd's data is `CLUSTER INCARNATION`: it names neither a role nor the attempt.
 */

const NAMES = ['n1', 'n2', 'n3'];

/** The steps of `up` through etcd's. */
const UNTIL_QUORUM = upSequence.slice(0, 1 + upSequence.findIndex(({ id }) => id === 'quorum'));

afterEach(() => vi.unstubAllEnvs());

/** Three control planes with all they should hold, etcd running on them. */
async function livingCluster() {
  const scratch = temporaryDirectory();
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
  const fleet = await startFleet({ count: NAMES.length, names: NAMES, zstd: false, directory: scratch });
  onTestFinished(() => fleet.close());
  const state = stateDirAt(join(scratch, 'state'));
  const flags = {
    hosts: NAMES.join(','),
    artifacts: artifactsDirectory(),
    sshConfig: fleet.sshConfig,
    stateDir: state.root,
  };
  const prepare = () => prepareUp(flags, [], new AbortController().signal);
  const judgement = (await upUntilSent(await prepare())).values.of(judge);
  const record = await readClusterRecord(state);
  if (record === undefined) throw new Error('nothing was recorded');
  await writeClusterRecord(state, { ...record, etcd: { ...record.etcd, phase: 'bootstrapped' } });
  const { clusterId, etcd } = record;
  const ips: Record<string, string> = {};
  for (const node of fleet.nodes) {
    const work = judgement?.work.get(node.name);
    ips[node.name] = work?.nodeIp ?? '';
    node.units = Object.fromEntries(
      work?.difference.units.map((action) => [action.unit.name, action.fingerprint]) ?? [],
    );
    node.etcd = { clusterId, incarnation: etcd.incarnation };
  }
  const members = new FakeEtcd(ips);

  async function up(): Promise<PassResult> {
    const input = { ...(await prepare()), clock: { ...virtualClock(), now: Date.now } };
    return withRun(input, (run) => {
      Object.assign(run.cluster, {
        etcdOf: async (node: string) => members.gateway(node),
        knownToMember: (node: string) => members.known(node),
      });
      return runPass(run, { steps: UNTIL_QUORUM, isLast: true, patient: true });
    });
  }
  return { fleet, members, up };
}

const ordersOf = ({ values }: PassResult) => {
  const { code, members, cluster } = values.of(judge)?.orders ?? {};
  return { code, members: Object.fromEntries(members ?? []), cluster };
};

it('nothing is done to its etcd: its members count as voters, and their markers stay as they are', async () => {
  const { fleet, members, up } = await livingCluster();
  const commands = () => fleet.nodes.map(({ sshd }) => sshd.commands.length);
  const before = commands();
  const pass = await up();
  expect(pass.reports.filter(({ outcome }) => outcome !== 'unchanged')).toEqual([]);
  const keep = Object.fromEntries(NAMES.map((name) => [name, { do: 'keep' }]));
  expect(ordersOf(pass)).toEqual({ code: 'healthy', members: keep, cluster: [] });
  // Its facts were read, beside which a second session was asked for, and nothing else was run on any of them.
  expect(commands()).toEqual(before.map((count) => count + 2));
  for (const { sshd } of fleet.nodes) expect(sshd.commands.slice(-2)).toContain('true');
  expect(fleet.nodes.map(({ deliveries }) => deliveries.length)).toEqual(NAMES.map(() => 1));
  expect(members.asked.filter((call) => !/^(read|list|status) /.test(call))).toEqual([]);
});

it('a member that is left alone of them is the data: it is brought up, and nobody begins anew', async () => {
  const { fleet, members, up } = await livingCluster();
  for (const node of fleet.nodes.slice(1)) Object.assign(node, { etcd: undefined, units: undefined });
  members.alive.clear();
  const pass = await up();
  expect(ordersOf(pass)).toMatchObject({
    code: 'revive',
    members: { n1: { do: 'keep' }, n2: { do: 'wait' }, n3: { do: 'wait' } },
    cluster: [],
  });
  expect(fleet.nodes[0]?.deliveries).toHaveLength(1);
});
