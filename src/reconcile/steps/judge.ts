import { randomBytes } from 'node:crypto';
import { PATHS } from '../../components/paths.js';
import { segmentIds } from '../../delivery/build-segments.js';
import { refusal } from '../../errors.js';
import { diffNode, suspectPaths } from '../../plan/diff.js';
import { type EtcdVerdict, etcdVerdict } from '../../plan/etcd-verdict.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { shellQuote } from '../../ssh/quote.js';
import { createArrivals } from '../arrivals.js';
import { type Candidate, candidatesOf } from '../candidates.js';
import { desiredNode, peersOf } from '../desired-node.js';
import { nextRecord } from '../next-record.js';
import { observeEtcd } from '../observe-etcd.js';
import { judgementOf, type NodeWork, type Reconciliation, sessionOf } from '../reconciliation.js';
import { refuseForeignNodes } from '../refuse-foreign.js';
import { explainVerdict } from '../verdict-words.js';

/** Everything is decided here, from facts only, before anything is changed anywhere. */
export async function judge(context: Reconciliation): Promise<StepResult> {
  const { options } = context;
  const clusterId = options.record?.clusterId ?? randomBytes(8).toString('hex');
  const { fit, rejected } = await candidatesOf(context);
  refuseForeignNodes(fit, options.record);
  const facts = await observeEtcd(context, fit, clusterId);
  const verdict = etcdVerdict(facts);
  context.bus.emit({ type: 'note', level: 'info', code: `etcd-${verdict.code}`, message: explainVerdict(verdict) });
  if (verdict.code === 'refused') {
    throw refusal({ code: verdict.reason, message: verdict.message, hint: verdict.hint });
  }
  const newToken = `${clusterId}-${randomBytes(4).toString('hex')}`;
  const record = nextRecord({ spec: options.spec, record: options.record, clusterId, verdict, facts, newToken });
  const peers = peersOf(context, fit);
  const pki = await options.state.pki.ensure({ spec: options.spec, nodes: peers });
  for (const { id, notAfter } of pki.expiringAuthorities) {
    const message = `the ${id} CA ends on ${notAfter.toISOString().slice(0, 10)}: certificates cannot outlive it`;
    const hint = 'plan for a new PKI before that day';
    context.bus.emit({ type: 'note', level: 'warning', code: 'ca-expiring', message, hint });
  }
  const part = fit.filter(({ node }) => node.role === 'worker' || takesPart(verdict, node.name));
  const planned = await Promise.all(part.map((candidate) => planNode(context, { candidate, peers, record, verdict })));
  const work = new Map(planned.map((entry) => [entry.node.name, entry]));
  const kubeconfig = options.state.pki.adminKubeconfig({ spec: options.spec, nodes: peers });
  context.judgement = { record, verdict, work, rejected, kubeconfig, peers, pki };
  return 'unchanged';
}

/** Stops what takes no part in this run, with its own reason. */
export async function admit(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  const { rejected, work } = judgementOf(context);
  const error = rejected.get(node);
  if (error) throw error;
  if (!work.has(node)) {
    throw refusal({
      code: 'not-in-verdict',
      message: 'its etcd member has to wait for the others',
      hint: 'run up again',
    });
  }
  return 'unchanged';
}

function takesPart(verdict: EtcdVerdict, node: string): boolean {
  if (verdict.code === 'bootstrap' || verdict.code === 'resume-bootstrap') return verdict.start.includes(node);
  return true;
}

interface PlanNodeInput {
  candidate: Candidate;
  peers: ReturnType<typeof peersOf>;
  record: ReturnType<typeof nextRecord>;
  verdict: EtcdVerdict;
}

async function planNode(context: Reconciliation, input: PlanNodeInput): Promise<NodeWork> {
  const { node, facts, nodeIp } = input.candidate;
  const desired = await desiredNode(context, input);
  const activeUnits = Object.values(facts.units).filter(({ active }) => active === 'active' || active === 'activating');
  const difference = diffNode({
    desired,
    marker: facts.marker,
    rehashed: await rehash(context, input.candidate),
    activeUnits: new Set(activeUnits.map(({ name }) => name)),
    imageReferences: new Set(facts.containerd.images),
  });
  const arrivals = createArrivals(node.name, segmentIds(difference));
  const encoding = facts.tools.zstd === true && context.options.content.canZstd ? 'zstd' : 'gzip';
  return { node, facts, nodeIp, desired, difference, arrivals, encoding, changes: 0, bytesSent: 0 };
}

/** Hashes on the node what no longer looks as it was installed (or everything, with --verify). */
async function rehash(context: Reconciliation, { node, facts }: Candidate): Promise<Map<string, string>> {
  const suspects = suspectPaths(facts.marker, { all: context.options.verifyAll });
  if (suspects.length === 0) return new Map();
  const { stdout } = await sessionOf(context, node.name).rootScript(
    `cd ${PATHS.marker} && sha256sum -- ${shellQuote(...suspects)}`,
    { label: 'hash installed files', accept: [0, 1], timeoutMs: 60_000 },
  );
  const hashes = stdout.split('\n').flatMap((line): [string, string][] => {
    const [, hash = '', path = ''] = /^\\?([0-9a-f]{64}) [ *](\/.*)$/.exec(line) ?? [];
    return path === '' ? [] : [[path, hash]];
  });
  // What could not be hashed (gone meanwhile, unreadable) counts as different.
  return new Map([...suspects.map((path): [string, string] => [path, '']), ...hashes]);
}
