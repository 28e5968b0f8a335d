import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import type { OperatorMark } from '../../src/node/operator-mark.js';
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

/* A living cluster, and two copies of the state that it is recorded in. */

const NAMES = ['n1', 'n2', 'n3'];

/** The steps of `up` through etcd's. */
const UNTIL_QUORUM = upSequence.slice(0, 1 + upSequence.findIndex(({ id }) => id === 'quorum'));

afterEach(() => vi.unstubAllEnvs());

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
  const { clusterId, etcd } = record;
  /** Which copy of the state the next run has. */
  const actAs = (operator: OperatorMark) =>
    writeClusterRecord(state, { ...record, operator, etcd: { ...etcd, phase: 'bootstrapped' } });
  await actAs(record.operator);
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
  return { fleet, members, operator: record.operator, actAs, up };
}

const errorsOf = ({ reports }: PassResult) => reports.flatMap(({ error }) => (error ? [error] : []));
const changesOf = ({ reports }: PassResult) =>
  reports.flatMap(({ step, node, outcome }) => (outcome === 'changed' ? [`${step} ${node}`] : []));

it('a copy that is taken into use is noted on every node, once, and nothing else is done there', async () => {
  const { fleet, operator, actAs, up } = await livingCluster();
  expect(fleet.nodes.map((node) => node.operator)).toEqual(NAMES.map(() => operator));
  const later = { id: 'b2', generation: 2 };
  await actAs(later);
  const noted = await up();
  expect(errorsOf(noted)).toEqual([]);
  expect(changesOf(noted).toSorted()).toEqual(NAMES.map((name) => `send ${name}`));
  for (const node of fleet.nodes) {
    expect(node.operator).toEqual(later);
    expect(node.deliveries.at(-1)).toMatchObject({ segments: new Map(), removed: [] });
  }
  expect(changesOf(await up())).toEqual([]);
});

it('of two, the earlier one does nothing: a node has seen the later', async () => {
  const { fleet, members, up } = await livingCluster();
  const [, node] = fleet.nodes;
  if (node) node.operator = { id: 'b2', generation: 2 };
  const deliveries = fleet.nodes.map((each) => each.deliveries.length);
  const refused = await up();
  expect(errorsOf(refused)[0]).toMatchObject({
    code: 'operator-superseded',
    exit: 5,
    message: 'another copy of this state is in use: n2 knows it as generation 2, and this one is generation 1',
    hint: expect.stringContaining('k8s-diskless state take-back --above 2'),
  });
  expect(changesOf(refused)).toEqual([]);
  expect(fleet.nodes.map((each) => each.deliveries.length)).toEqual(deliveries);
  expect(members.asked).toEqual([]);
});

it('of two, the earlier one does nothing: etcd has seen the later, and every node has forgotten', async () => {
  const { fleet, members, up } = await livingCluster();
  for (const node of fleet.nodes) node.operator = undefined;
  members.values.set('k8s-diskless/operator', Buffer.from('2 b2'));
  const refused = await up();
  expect(errorsOf(refused)[0]).toMatchObject({
    code: 'operator-superseded',
    message: expect.stringContaining('etcd knows it as generation 2'),
  });
  expect(changesOf(refused)).toEqual([]);
});
