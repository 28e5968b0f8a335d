import { deadline } from '../abort.js';
import { type ClusterSpec, controlPlanes } from '../config/spec.js';
import { isPassingInEtcd } from '../etcd/errors.js';
import type { EtcdMember } from '../etcd/gateway.js';
import { peerUrl } from '../etcd/peer-url.js';
import type { NodeFacts } from '../facts/facts.js';
import {
  type EtcdFacts,
  type MemberCondition,
  type MemberFacts,
  type Membership,
  majorityOf,
} from '../plan/etcd-facts.js';
import type { ClusterRecord } from '../state/records.js';
import type { Candidate } from './candidates.js';
import type { Reconciliation } from './reconciliation.js';
import { retrying } from './settling.js';

/** One read may take etcd itself 7 s while it chooses a leader; on a slow machine the way there adds to that. */
const PROOF = { everyMs: 500, forMs: 10_000 };

/** What the control planes hold, and whether a quorum answers right now. Changes nothing. */
export async function observeEtcd(
  context: Reconciliation,
  fit: readonly Candidate[],
  clusterId: string,
): Promise<EtcdFacts> {
  const { spec, lost, discardData } = context.options;
  const { record } = context.memory;
  const candidates = new Map(fit.map((candidate) => [candidate.node.name, candidate]));
  // A machine that failed its preflight was still read: what it holds counts.
  const seen = controlPlanes(spec).map(({ name }) => memberFacts(context, name, lost.has(name)));
  // A member of an earlier life may make a quorum of that life.
  const running = seen.flatMap(({ name, condition }) =>
    condition.kind === 'data' && condition.running && condition.incarnation === record?.etcd.incarnation ? [name] : [],
  );
  const newCluster = context.memory.newCluster && !isBegun(record, spec);
  const judgedByQuorum = record?.etcd.phase === 'bootstrapped' && !newCluster;
  const entries = judgedByQuorum ? await provenEntries(context, running) : undefined;
  const members = seen.map((member): MemberFacts => {
    const candidate = candidates.get(member.name);
    const nodeIp = candidate?.nodeIp ?? context.memory.nodeRecords.get(member.name)?.nodeIp;
    const membership = entries && membershipOf(entries, member.name, nodeIp);
    return { ...member, fit: candidate !== undefined, ...(membership && { membership }) };
  });
  return {
    clusterId,
    members,
    quorumProven: entries !== undefined,
    discardData,
    newCluster,
    ...(record && { recorded: record.etcd }),
  };
}

/** An earlier run recorded this very cluster and was interrupted: what it left behind is continued. */
function isBegun(record: ClusterRecord | undefined, spec: ClusterSpec): boolean {
  const { kubernetes, etcd } = record?.spec ?? {};
  return record?.etcd.phase === 'bootstrapping' && kubernetes === spec.kubernetes && etcd === spec.etcd;
}

/**
 * Whether a majority of the control planes was read and runs members of the life that is recorded. Whatever the others
 * hold, the verdict is then to work with these: nothing can be born anew, and nothing be lost.
 */
export function majorityRuns({ options, memory, facts }: Reconciliation): boolean {
  const { record } = memory;
  if (record?.etcd.phase !== 'bootstrapped') return false;
  const members = controlPlanes(options.spec);
  const running = members.filter(({ name }) => {
    const read = facts.get(name);
    const condition = read && conditionOf(read);
    if (condition?.kind !== 'data' || !condition.running) return false;
    return condition.clusterId === record.clusterId && condition.incarnation === record.etcd.incarnation;
  });
  return running.length >= majorityOf(members.length);
}

/** By error code; after any other one there is nobody there, as far as we can tell. */
const OBSTACLES: Readonly<Record<string, string>> = {
  'auth-failed': 'does not accept our key',
  'facts-failed': 'could not be read',
  'host-key-changed': 'presents another host key',
  'host-key-refused': 'presents another host key',
  'name-ambiguous': 'is the name of two machines',
  'name-not-resolved': 'has no address',
  'sudo-missing': 'has no sudo',
  'sudo-needs-password': 'does not let us become root',
};

function memberFacts({ facts: read, unread }: Reconciliation, name: string, lost: boolean): Omit<MemberFacts, 'fit'> {
  const facts = read.get(name);
  if (facts === undefined) {
    const obstacle = OBSTACLES[unread.get(name)?.code ?? ''];
    return { name, condition: { kind: 'unreachable', lost, ...(obstacle !== undefined && { obstacle }) } };
  }
  return { name, bootId: facts.bootId, condition: conditionOf(facts) };
}

function conditionOf(facts: NodeFacts): MemberCondition {
  const { present, clusterId, incarnation } = facts.etcdData;
  if (!present) return { kind: 'blank' };
  const active = facts.units['etcd.service']?.active ?? '';
  return {
    kind: 'data',
    running: ['active', 'activating', 'reloading'].includes(active),
    ...(clusterId !== undefined && { clusterId }),
    ...(incarnation !== undefined && { incarnation }),
  };
}

/** The member list as a quorum knows it; undefined when none answers. An error that passes is no silence yet. */
async function provenEntries(
  { access, options, signal: parent }: Reconciliation,
  names: readonly string[],
): Promise<EtcdMember[] | undefined> {
  const limit = deadline({ parent, ms: PROOF.forMs });
  const { signal } = limit;
  const read = async (name: string): Promise<EtcdMember[]> => {
    const gateway = await access.etcdOf(name);
    await gateway.linearizableRead({ signal });
    return gateway.memberList({ signal });
  };
  try {
    return await Promise.any(
      names.map((name) => retrying({ signal, options }, PROOF, isPassingInEtcd, () => read(name))),
    );
  } catch {
    parent.throwIfAborted();
    return undefined;
  } finally {
    limit.abort();
    limit.release();
  }
}

/** A member that was added and never started has no name yet. */
function membershipOf(entries: readonly EtcdMember[], name: string, nodeIp: string | undefined): Membership {
  const entry =
    entries.find((member) => member.name === name) ??
    entries.find(({ peerUrls }) => nodeIp !== undefined && peerUrls.includes(peerUrl(nodeIp)));
  if (entry === undefined) return 'absent';
  return entry.isLearner ? 'learner' : 'voter';
}
