import { type ClusterSpec, controlPlanes } from '../config/spec.js';
import { peerUrl } from '../etcd/peer-url.js';
import type { NodeFacts } from '../facts/facts.js';
import { sameAsRecorded } from '../node/machine.js';
import { isSameAttempt } from '../plan/etcd-bootstrap.js';
import {
  type EtcdFacts,
  isCurrent,
  isEstablished,
  isReadAndFit,
  type MemberCondition,
  type MemberFacts,
  majorityOf,
  runs,
} from '../plan/etcd-facts.js';
import { laterLife } from '../plan/etcd-later-life.js';
import { isSameBeginning } from '../plan/etcd-origin.js';
import type { ClusterRecord } from '../state/records.js';
import type { Run, RunMemory } from './context.js';
import { type Asking, knownLists, memberIds, provenList, revisions } from './etcd-lists.js';
import type { CheckedHosts, ReadHosts } from './hosts.js';

/** What the control planes hold, and who etcd's members are as they say it right now. Changes nothing. */
export async function observeEtcd(context: Run, hosts: CheckedHosts, clusterId: string): Promise<EtcdFacts> {
  const facts = await askedEtcd(context, hosts, clusterId);
  const { record } = context.memory;
  // Beside a quorum nothing begins, and no snapshot has to be read through.
  if (record === undefined || record.etcd.phase === 'none' || facts.lists.some(({ proven }) => proven)) return facts;
  // A word on it is for one life: in what follows, the newest counts.
  const isNamed = context.memory.beginning === 'snapshot';
  const backup = await context.options.backups.look(record, { isNamed, signal: context.signal });
  if (backup.kind === 'usable' && backup.instead !== undefined)
    context.bus.emit({ type: 'note', level: 'warning', code: 'snapshot-passed-over', message: backup.instead });
  return { ...facts, backup };
}

async function askedEtcd(context: Run, hosts: CheckedHosts, clusterId: string): Promise<EtcdFacts> {
  const seen = seenEtcd(context, hosts, clusterId);
  const later = await provenLater({ ...context, woken: hosts.woken }, seen);
  if (later) return later;
  const running = runningMembers(seen);
  if (running.length === 0 || !isJudgedByQuorum(seen)) return seen;
  const asking = { ...context, woken: hosts.woken };
  const proven = await provenList(asking, running);
  if (proven === undefined) {
    const [lists, revisions] = await Promise.all([knownLists(asking, running), revisionsOf(context, seen)]);
    return { ...seen, lists, members: seen.members.map((member) => withRevision(member, revisions.get(member.name))) };
  }
  const ids = await memberIds(context, running.filter(isUnnamed));
  const members = seen.members.map((member) => withId(member, ids.get(member.name)));
  return { ...seen, members, lists: [proven] };
}

/** What living members prove is what an older copy of the state goes on with. */
async function provenLater(asking: Asking, seen: EtcdFacts): Promise<EtcdFacts | undefined> {
  const life = laterLife(seen);
  if (life === undefined) return undefined;
  const proven = await provenList(asking, life.running);
  if (proven === undefined) return undefined;
  const { incarnation } = life.etcd;
  asking.bus.emit({
    type: 'note',
    level: 'warning',
    code: 'later-life-adopted',
    message: `this state is a copy of when incarnation ${seen.recorded?.incarnation} lived; a quorum of incarnation ${incarnation} answers, and is what it goes on with`,
  });
  return { ...seen, recorded: life.etcd, lists: [proven] };
}

/** A member of an earlier life says it too. */
const revisionsOf = (context: Run, { members }: EtcdFacts) => revisions(context, members.filter(runs));

function withRevision(member: MemberFacts, revision: string | undefined): MemberFacts {
  return revision === undefined ? member : { ...member, revision };
}

/** Its marker, of an earlier release or of a life that just began, does not say which member it is. */
const isUnnamed = ({ condition }: MemberFacts): boolean =>
  condition.kind === 'data' && condition.memberId === undefined;

function withId(member: MemberFacts, memberId: string | undefined): MemberFacts {
  const { condition } = member;
  return memberId === undefined || condition.kind !== 'data'
    ? member
    : { ...member, condition: { ...condition, memberId } };
}

/** The same, without asking etcd: as the machines were read. */
export function seenEtcd({ options, memory }: Run, hosts: CheckedHosts, clusterId: string): EtcdFacts {
  const { spec, lost, discardData } = options;
  const { record, nodeRecords, beginning, recoverFrom } = memory;
  const fit = new Map(hosts.fit.map((each) => [each.node.name, each]));
  // A machine that failed its preflight was still read: what it holds counts.
  const members = controlPlanes(spec).map(({ name }): MemberFacts => {
    const own = fit.get(name);
    const { writtenAt } = hosts.facts.get(name)?.etcdData ?? {};
    const nodeIp = own?.nodeIp ?? nodeRecords.get(name)?.nodeIp;
    return {
      ...memberFacts(memory, hosts, { name, lost: lost.has(name) }),
      fit: own !== undefined,
      ...(writtenAt && { writtenAt }),
      ...(nodeIp !== undefined && { peerUrl: peerUrl(nodeIp) }),
    };
  });
  const newCluster = memory.newCluster && !isBegun(record, spec);
  return {
    clusterId,
    members,
    lists: [],
    discardData,
    newCluster,
    backup: { kind: 'none' },
    ...(beginning && { beginning }),
    ...(recoverFrom && { recoverFrom }),
    ...(record && { recorded: record.etcd }),
    ...(record?.operator.unproven && { unproven: true }),
  };
}

/** Those of the recorded incarnation. A member of an earlier one may make a quorum of that. */
export function runningMembers({ members, recorded }: EtcdFacts): MemberFacts[] {
  return recorded === undefined ? [] : members.filter((member) => runs(member) && isCurrent(recorded)(member));
}

/** A bootstrap that goes on as it began needs no proof; one that would begin again must not wipe what works. */
function isJudgedByQuorum(facts: EtcdFacts): boolean {
  const { recorded, newCluster, members } = facts;
  if (recorded === undefined || recorded.phase === 'none' || newCluster) return false;
  const usable = members.filter(isReadAndFit);
  const goesOn = isSameAttempt(recorded, usable) && isSameBeginning(facts, recorded);
  return isEstablished(facts, recorded) || !goesOn;
}

/** An earlier run recorded this very cluster and was interrupted: what it left behind is continued. */
function isBegun(record: ClusterRecord | undefined, spec: ClusterSpec): boolean {
  const { kubernetes, etcd } = record?.spec ?? {};
  const isEmpty = record?.etcd.phase === 'bootstrapping' && record.etcd.origin === undefined;
  return isEmpty && kubernetes === spec.kubernetes && etcd === spec.etcd;
}

/**
 * Whether a majority of the control planes was read and runs members of the life that is recorded. Whatever the others
 * hold, the orders are then to work with these: nothing can be born anew, and nothing be lost.
 */
export function majorityRuns({ options, memory }: Run, facts: ReadHosts['facts']): boolean {
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

/** By error code: what keeps us out of a machine that answers. */
const REFUSALS: Readonly<Record<string, string>> = {
  'auth-failed': 'does not accept our key',
  'facts-failed': 'could not be read',
  'host-key-changed': 'presents another host key',
  'host-key-refused': 'presents another host key',
  'sudo-missing': 'has no sudo',
  'sudo-needs-password': 'does not let us become root',
};

/** By error code; after any other one there is nobody there, as far as we can tell. */
const OBSTACLES: Readonly<Record<string, string>> = {
  ...REFUSALS,
  'jump-host-key-changed': 'is behind a jump host that presents another host key',
  'name-ambiguous': 'is the name of two machines',
  'name-not-resolved': 'has no address',
};

/** Of these, those whose machines answered in this run, even if silent since; each with what it answered, if not facts. */
export function answering(
  { memory }: Run,
  unread: ReadHosts['unread'],
  names: Iterable<string>,
): { name: string; refusal?: string }[] {
  return [...names].flatMap((name) => {
    const refusal = REFUSALS[unread.get(name)?.code ?? ''];
    if (refusal !== undefined) return [{ name, refusal }];
    return memory.epochs.has(name) ? [{ name }] : [];
  });
}

function memberFacts(
  memory: RunMemory,
  hosts: ReadHosts,
  { name, lost }: { name: string; lost: boolean },
): Omit<MemberFacts, 'fit'> {
  const facts = hosts.facts.get(name);
  if (facts === undefined) {
    const code = hosts.unread.get(name)?.code ?? '';
    const obstacle = OBSTACLES[code];
    const answers = code in REFUSALS;
    const why = { ...(obstacle !== undefined && { obstacle }), ...(answers && { answers }) };
    return { name, condition: { kind: 'unreachable', lost, ...why } };
  }
  const condition = conditionOf(facts);
  const { bootId } = facts;
  if (condition.kind !== 'blank' || !wasMember(memory, name)) return { name, bootId, condition };
  if (memory.nodeRecords.get(name)?.bootId === bootId)
    return { name, bootId, condition: { ...condition, sameBoot: true } };
  // A person's word is on the machine, or the disk, of before.
  const elsewhere = lost ? undefined : whyElsewhere(memory, name, facts);
  return { name, bootId, condition: { ...condition, ...(elsewhere !== undefined && { elsewhere }) } };
}

/** Why a reboot does not explain that it has no data; undefined where it does. */
export function whyElsewhere({ nodeRecords }: RunMemory, name: string, facts: NodeFacts): string | undefined {
  if (sameAsRecorded(nodeRecords, name, facts.machine) === 'other') return 'is another machine than before';
  return nodeRecords.get(name)?.etcdOnDisk ? 'had it on a disk, on which there is nothing now' : undefined;
}

/** A worker that becomes a control plane has had no data. */
const wasMember = ({ record }: RunMemory, name: string): boolean =>
  record !== undefined && controlPlanes(record.spec).some((node) => node.name === name);

function conditionOf({ etcdData, units }: NodeFacts): MemberCondition {
  const { present, marker, bytes, writtenAt, ...owner } = etcdData;
  const { active = '', masked = false } = units['etcd.service'] ?? {};
  if (!present) return { kind: 'blank', ...(masked && { masked }), ...owner };
  const running = ['active', 'activating', 'reloading'].includes(active);
  return { kind: 'data', running, ...(masked && { masked }), ...owner };
}
