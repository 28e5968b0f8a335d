import { NODE_UNIT } from '../../components/node.js';
import { UNITS_OF_AN_INCARNATION } from '../../components/roster.js';
import { segmentIds } from '../../delivery/build-segments.js';
import { type DisklessError, refusal } from '../../errors.js';
import type { NodeFacts } from '../../facts/facts.js';
import { diffNode } from '../../plan/diff.js';
import type { EtcdFacts } from '../../plan/etcd-facts.js';
import { type EtcdOrders, type MemberOrder, wipes } from '../../plan/etcd-order-types.js';
import { etcdOrders } from '../../plan/etcd-orders.js';
import { isAlone } from '../../plan/is-alone.js';
import type { Gave } from '../../runner/sequence.js';
import { createArrivals } from '../arrivals.js';
import type { Run } from '../context.js';
import { desiredNode, peersOf } from '../desired-node.js';
import { explainOrders } from '../explain-orders.js';
import type { CheckedHosts, FitNode } from '../hosts.js';
import type { Judgement, NodeWork } from '../judgement.js';
import { nextRecord } from '../next-record.js';
import { answering, observeEtcd, whyElsewhere } from '../observe-etcd.js';
import { refuseForeignNodes } from '../refuse-foreign.js';
import { refuseSuperseded, refuseSupersededByQuorum } from '../refuse-superseded.js';
import { warningOf } from '../warning-of.js';

/** Everything is decided here, from facts only; what follows carries it out. */
export async function judgeHosts(context: Run & { readonly hosts: CheckedHosts }): Promise<Gave<Judgement>> {
  const { options, memory, hosts } = context;
  const { fit, rejected, hashes } = hosts;
  const clusterId = memory.record?.clusterId ?? options.random(8).toString('hex');
  refuseForeignNodes(fit, memory.record);
  refuseSuperseded(hosts.facts, memory.record);
  refuseFoundLost(context, hosts);
  const facts = await observeEtcd(context, hosts, clusterId);
  const proven = facts.lists.find((list) => list.proven);
  if (proven && memory.record)
    await refuseSupersededByQuorum(context, memory.record, () => context.cluster.etcdOf(proven.by));
  const orders = etcdOrders(facts);
  if (orders.code === 'refused') {
    reportRejections(context, rejected);
    throw refusal({ code: orders.reason, message: orders.message, hint: orders.hint });
  }
  context.bus.emit({
    type: 'note',
    level: 'info',
    code: `etcd-${orders.code}`,
    message: await explained(context, orders, facts),
  });
  for (const { node, facts: read } of fit) tellOfRepairs(context, node.name, read);
  const newToken = `${clusterId}-${options.random(4).toString('hex')}`;
  const fingerprints = await options.state.pki.fingerprints();
  const known = { spec: options.spec, record: memory.record, clusterId, pki: fingerprints };
  const newOperator = { id: options.random(8).toString('hex'), generation: 1 };
  const begins = orders.cluster.some((order) => order.do === 'begin-incarnation');
  const knownRevision = begins ? await options.backups.knownRevision() : '0';
  const record = nextRecord({ ...known, orders, facts, newToken, newOperator, knownRevision });
  const peers = peersOf(context, fit);
  const pki = await options.state.pki.ensure({ spec: options.spec, nodes: peers });
  for (const { id, notAfter } of pki.expiringAuthorities) {
    const message = `the ${id} CA ends on ${notAfter.toISOString().slice(0, 10)}: certificates cannot outlive it`;
    const hint =
      'k8s-diskless pki renew gives it a new certificate over the same key; the next up brings that to the nodes';
    context.bus.emit({ type: 'note', level: 'warning', code: 'ca-expiring', message, hint });
  }
  const part = fit.filter(({ node }) => node.role === 'worker' || takesPart(orders.members.get(node.name)));
  const planned = await Promise.all(part.map((host) => planNode(context, { host, peers, record, orders, hashes })));
  const work = new Map(planned.map((entry) => [entry.node.name, entry]));
  const kubeconfig = options.state.pki.adminKubeconfig({ spec: options.spec, nodes: peers });
  return { outcome: 'unchanged', gives: { record, orders, work, kubeconfig, peers, pki } };
}

async function explained({ options, memory, signal }: Run, orders: EtcdOrders, facts: EtcdFacts): Promise<string> {
  const from = orders.cluster.flatMap((order) => (order.do === 'begin-incarnation' && order.from) || [])[0];
  const snapshot = from && (await options.backups.describe(from, { isAlone: isAlone(from, facts), signal }));
  return explainOrders(orders, { snapshot, origin: memory.record?.etcd.origin });
}

/** Preflight speaks through each node's own step, which a refusal keeps from running. */
function reportRejections({ bus }: Run, rejected: ReadonlyMap<string, DisklessError>): void {
  for (const [node, error] of rejected) bus.emit(warningOf(node, error));
}

/** Somebody or something on the node works against us, though all is as it should be by now. */
function tellOfRepairs({ bus }: Run, node: string, { kernelRepairs }: NodeFacts): void {
  if (kernelRepairs === undefined) return;
  const { count, last } = kernelRepairs;
  const times = count === 1 ? 'once' : `${count} times`;
  const message = `its own unit has put back ${times} what was changed in this boot, last at ${last.at.toISOString()}: ${last.what}`;
  bus.emit({ type: 'note', level: 'info', code: 'kernel-put-back', node, message });
}

/** Whoever answered is not lost, be it that it keeps us out: a person's word does not outweigh what was seen. */
function refuseFoundLost(context: Run, { unread, facts }: CheckedHosts): void {
  const { memory, options } = context;
  const found = answering(context, unread, options.lost).filter(({ name }) => {
    const read = facts.get(name);
    // The word is on what was there before.
    return read === undefined || read.etcdData.present || whyElsewhere(memory, name, read) === undefined;
  });
  if (found.length === 0) return;
  const names = found.map(({ name }) => name).join(',');
  const barred = found.flatMap(({ name, refusal: word }) => (word === undefined ? [] : [{ name, word }]));
  const how = barred.map(({ name, word }) => ` (${name} ${word})`).join('');
  const way = barred.map(({ name }) => name).join(', ');
  throw refusal({
    code: 'not-lost',
    message: `${found.map(({ name }) => name).join(', ')} ${found.length === 1 ? 'answers' : 'answer'}${how}, though --lost says otherwise`,
    hint: `leave ${names} out of --lost${way && `, and fix SSH access to ${way}, or its address where another machine has it by now`}`,
  });
}

function takesPart(order: MemberOrder | undefined): boolean {
  return order !== undefined && order.do !== 'wait' && order.do !== 'leave';
}

interface PlanNodeInput {
  host: FitNode;
  peers: ReturnType<typeof peersOf>;
  record: ReturnType<typeof nextRecord>;
  orders: EtcdOrders;
  hashes: CheckedHosts['hashes'];
}

async function planNode(context: Run, input: PlanNodeInput): Promise<NodeWork> {
  const { node, facts, nodeIp } = input.host;
  const desired = await desiredNode(context, input);
  const survivor = facts.marker !== undefined && facts.marker.incarnation < input.record.etcd.incarnation;
  const ended = new Set(
    survivor ? UNITS_OF_AN_INCARNATION : wipes(input.orders).has(node.name) ? ['etcd.service'] : [],
  );
  const units = (...states: string[]) =>
    new Set(
      Object.values(facts.units).flatMap(({ name, active }) =>
        states.includes(active) && !ended.has(name) ? [name] : [],
      ),
    );
  const difference = diffNode({
    desired,
    marker: facts.marker,
    rehashed: input.hashes.get(node.name) ?? new Map(),
    activeUnits: units('active', 'reloading'),
    kernel: { unit: NODE_UNIT, differences: facts.kernelDifferences },
    activatingUnits: units('activating'),
    imageReferences: facts.containerd.images && new Set(facts.containerd.images),
  });
  const arrivals = createArrivals(node.name, segmentIds(difference));
  const encoding = facts.tools.zstd === true && context.options.content.canZstd ? 'zstd' : 'gzip';
  return { node, facts, nodeIp, desired, difference, arrivals, encoding, survivor };
}
