import {
  type ClusterStatus,
  type CopiesStatus,
  daysUntil,
  type LogStatus,
  type MemberStatus,
  type NodeStatus,
  problemsOf,
} from '../cluster/cluster-status.js';
import { STAGE_TITLES, type UpgradeRecord } from '../config/upgrade-stages.js';
import { ageText, snapshotText } from './backups-view.js';
import { PLAIN, type Style } from './style.js';
import { type Column, harmless, textTable, wrap } from './text-table.js';
import { bytesText, count } from './units.js';

export interface StatusViewOptions {
  status: ClusterStatus;
  now: Date;
  width: number;
  style?: Style;
}

/** A cluster as a person reads it: what it is, its nodes, and last what is not as it should be. */
export function statusLines({ status, now, width, style = PLAIN }: StatusViewOptions): string[] {
  const { cluster, kubernetes, etcd, incarnation, nodes, members, snapshot, copies, strays, log, authorities } = status;
  const problems = problemsOf(status, now);
  const member = new Map(members.map((each) => [each.name, each]));
  const columns: Column<NodeStatus>[] = [
    { title: 'NODE', cell: ({ name }) => name },
    { title: 'ROLE', cell: ({ role }) => role, priority: 0 },
    {
      title: 'STATE',
      cell: stateOf,
      paint: (text, node) => (stateOf(node) === 'ready' ? style.green : style.red)(text),
    },
    { title: 'KUBELET', cell: ({ kubelet = '' }) => harmless(kubelet), priority: 1 },
    { title: 'ETCD', cell: ({ name }) => memberText(member.get(name)) },
  ];
  const putBack = nodes.flatMap(({ name, putBack: times }) => (times > 0 ? [`${name} ${times}`] : []));
  const ends = authorities.map(({ id, ends: end }) => `${id} ${count(daysUntil(end, now), 'day')}`);
  const verdict =
    problems.length === 0
      ? [style.green(style.bold('✔ nothing is wrong as far as was looked'))]
      : problems.flatMap(({ message, hint }) => [
          ...wrap(`✖ ${harmless(message)}`, { width }).map(style.red),
          ...(hint === undefined ? [] : wrap(`hint: ${hint}`, { width, indent: '    ' })),
        ]);
  return [
    ...wrap(`cluster ${cluster}: Kubernetes ${kubernetes}, etcd ${etcd}, incarnation ${incarnation}`, { width }),
    ...(status.upgrade ? wrap(upgradeText(status.upgrade), { width }) : []),
    ...textTable({ columns, rows: nodes, width, style }),
    ...(putBack.length > 0
      ? wrap(`times that a node's unit has put something back in this boot: ${putBack.join(', ')}`, { width })
      : []),
    ...(snapshot ? wrap(`last snapshot: ${snapshotText(snapshot, now)}`, { width }) : []),
    ...(log ? wrap(logText(log), { width }) : []),
    ...(copies ? wrap(copiesText(copies, now), { width }) : []),
    ...(strays.length > 0
      ? wrap(`strays, copies of data that went: ${strays.map((each) => snapshotText(each, now)).join(', ')}`, { width })
      : []),
    ...(ends.length > 0 ? wrap(`authorities end in: ${ends.join(', ')}`, { width }) : []),
    '',
    ...verdict,
  ];
}

function upgradeText({ from, to, stage }: UpgradeRecord): string {
  return `an upgrade from Kubernetes ${from.kubernetes} to ${to.kubernetes} is not finished, next is ${STAGE_TITLES[stage]}: upgrade or up goes on`;
}

function logText({ node, lagMs }: LogStatus): string {
  const whom = node === '' ? '' : ` on ${node}`;
  return `change log: followed${whom}, ${(lagMs / 1000).toFixed(1)} s behind`;
}

function copiesText({ to, newest, failure }: CopiesStatus, now: Date): string {
  const where = typeof to === 'string' ? to : to[0];
  const what = newest === undefined ? 'none yet' : `${newest.id} (${ageText(newest.takenAt, now)} old)`;
  return harmless(`last copy in ${where}: ${what}${failure ? `; failed ${ageText(failure.at, now)} ago` : ''}`);
}

export function stateOf({ unreached, rebooted, down, kernel, notReady }: NodeStatus): string {
  if (unreached !== undefined) return 'unreachable';
  if (rebooted) return 'rebooted';
  if (down.length > 0 || kernel.length > 0) return 'differs';
  return notReady === undefined ? 'ready' : 'not ready';
}

export function memberText(member: MemberStatus | undefined): string {
  if (member === undefined) return '';
  if (member.silent !== undefined) return 'silent';
  const kind = member.isLearner ? 'learner' : member.isLeader ? 'leader' : 'voter';
  return member.databaseBytes === undefined ? kind : `${kind}, ${bytesText(member.databaseBytes)}`;
}
