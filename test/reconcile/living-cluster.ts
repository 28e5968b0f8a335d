import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
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

export const NAMES = ['n1', 'n2', 'n3'];

/** The steps of `up` through etcd's. */
const UNTIL_QUORUM = upSequence.slice(0, 1 + upSequence.findIndex(({ id }) => id === 'quorum'));

/**
 * Three control planes with all they should hold, etcd running on them; its marker beside etcd's data is that of the
 * release before. `up` goes as far as a quorum. Gone when the test is finished.
 */
export async function livingCluster() {
  const scratch = temporaryDirectory();
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
  onTestFinished(() => void vi.unstubAllEnvs());
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
  const units = [...(judgement?.work.values() ?? [])].flatMap(({ difference }) =>
    difference.units.map(({ unit }) => unit),
  );
  return { fleet, state, record, members, units, up };
}
