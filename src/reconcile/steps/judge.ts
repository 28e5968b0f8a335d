import { NODE_UNIT } from '../../components/node.js';
import { UNITS_OF_AN_INCARNATION } from '../../components/roster.js';
import { segmentIds } from '../../delivery/build-segments.js';
import { DisklessError, refusal } from '../../errors.js';
import type { NodeFacts } from '../../facts/facts.js';
import { diffNode } from '../../plan/diff.js';
import { type EtcdOrders, type MemberOrder, wipes } from '../../plan/etcd-order-types.js';
import { etcdOrders } from '../../plan/etcd-orders.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { createArrivals } from '../arrivals.js';
import type { Candidate, HashedCandidates } from '../candidate.js';
import { checkedMachines } from '../checked-machines.js';
import { desiredNode, peersOf } from '../desired-node.js';
import { explainOrders } from '../explain-orders.js';
import { nextRecord } from '../next-record.js';
import { answering, observeEtcd } from '../observe-etcd.js';
import { judgementOf, type NodeWork, type Reconciliation } from '../reconciliation.js';
import { refuseForeignNodes } from '../refuse-foreign.js';
import { refuseOutdated } from '../refuse-outdated.js';
import { warningOf } from '../warning-of.js';

/** Everything is decided here, from facts only; what follows carries it out. */
export async function judge(context: Reconciliation): Promise<StepResult> {
  const { options, memory } = context;
  refuseOutdated(context);
  const clusterId = memory.record?.clusterId ?? options.random(8).toString('hex');
  const { fit, rejected, hashes } = await checkedMachines(context);
  refuseForeignNodes(fit, memory.record);
  refuseFoundLost(context);
  const facts = await observeEtcd(context, fit, clusterId);
  const orders = etcdOrders(facts);
  if (orders.code === 'refused') {
    reportRejections(context, rejected);
    throw refusal({ code: orders.reason, message: orders.message, hint: orders.hint });
  }
  context.bus.emit({ type: 'note', level: 'info', code: `etcd-${orders.code}`, message: explainOrders(orders) });
  for (const { node, facts: read } of fit) tellOfRepairs(context, node.name, read);
  const newToken = `${clusterId}-${options.random(4).toString('hex')}`;
  const fingerprints = await options.state.pki.fingerprints();
  const known = { spec: options.spec, record: memory.record, clusterId, pki: fingerprints };
  const record = nextRecord({ ...known, orders, facts, newToken });
  const peers = peersOf(context, fit);
  const pki = await options.state.pki.ensure({ spec: options.spec, nodes: peers });
  for (const { id, notAfter } of pki.expiringAuthorities) {
    const message = `the ${id} CA ends on ${notAfter.toISOString().slice(0, 10)}: certificates cannot outlive it`;
    const hint =
      'k8s-diskless pki renew gives it a new certificate over the same key; the next up brings that to the nodes';
    context.bus.emit({ type: 'note', level: 'warning', code: 'ca-expiring', message, hint });
  }
  const part = fit.filter(({ node }) => node.role === 'worker' || takesPart(orders.members.get(node.name)));
  const planned = await Promise.all(
    part.map((candidate) => planNode(context, { candidate, peers, record, orders, hashes })),
  );
  const work = new Map(planned.map((entry) => [entry.node.name, entry]));
  const kubeconfig = options.state.pki.adminKubeconfig({ spec: options.spec, nodes: peers });
  context.judgement = { record, orders, work, rejected, kubeconfig, peers, pki };
  return 'unchanged';
}

/** Stops what takes no part in this pass, with its own reason. */
export async function admit(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  const { rejected, work, orders } = judgementOf(context);
  // Unread though its facts were there: it went away before the plan was made.
  const error = rejected.get(node) ?? context.unread.get(node);
  if (error) throw error;
  if (work.has(node)) return 'unchanged';
  const order = orders.members.get(node);
  if (order?.do === 'leave' && order.ask !== undefined) {
    const { reason: code, message, hint } = order.ask;
    throw refusal({ code, host: node, message, hint });
  }
  const reason =
    order?.do === 'wait' ? `its etcd member waits until ${order.until}` : 'it answered after the plan was made';
  context.again.add(`${node}: ${reason}`);
  if (!context.last) throw new DisklessError({ code: 'dependency-failed', host: node, message: reason });
  const hint = 'run the same command again';
  throw new DisklessError({ code: 'left-out', host: node, message: `it was left out: ${reason}`, hint });
}

/** Preflight speaks through each node's own step, which a refusal keeps from running. */
function reportRejections({ bus }: Reconciliation, rejected: ReadonlyMap<string, DisklessError>): void {
  for (const [node, error] of rejected) bus.emit(warningOf(node, error));
}

/** Somebody or something on the node works against us, though all is as it should be by now. */
function tellOfRepairs({ bus }: Reconciliation, node: string, { kernelRepairs }: NodeFacts): void {
  if (kernelRepairs === undefined) return;
  const { count, last } = kernelRepairs;
  const times = count === 1 ? 'once' : `${count} times`;
  const message = `its own unit has put back ${times} what was changed in this boot, last at ${last.at.toISOString()}: ${last.what}`;
  bus.emit({ type: 'note', level: 'info', code: 'kernel-put-back', node, message });
}

/** Whoever answered is not lost, be it that it keeps us out: a person's word does not outweigh what was seen. */
function refuseFoundLost(context: Reconciliation): void {
  const found = answering(context, context.options.lost);
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
  candidate: Candidate;
  peers: ReturnType<typeof peersOf>;
  record: ReturnType<typeof nextRecord>;
  orders: EtcdOrders;
  hashes: HashedCandidates['hashes'];
}

async function planNode(context: Reconciliation, input: PlanNodeInput): Promise<NodeWork> {
  const { node, facts, nodeIp } = input.candidate;
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
