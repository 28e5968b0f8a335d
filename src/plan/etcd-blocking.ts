import { absences, awayOf, isMasked, names, runs } from './etcd-facts.js';
import type { Known } from './etcd-known.js';
import type { Voter } from './etcd-membership.js';
import type { Blocking } from './etcd-order-types.js';

/** Those that etcd counts and that do not run: until they do, it may take in nobody. */
export function blockingVoters(members: readonly Known[], voters: readonly Voter[]): Blocking | undefined {
  const idle = members.filter((member) => member.membership === 'voter' && !runs(member) && !isStarted(member));
  const unlisted = voters.flatMap(({ name, member }) => (member === undefined ? [name] : []));
  if (idle.length + unlisted.length === 0) return undefined;
  const away = idle.filter(({ condition }) => condition.kind === 'unreachable');
  const { silent, barred } = awayOf(away);
  const masked = names(idle.filter(isMasked));
  const unfit = names(idle.filter((member) => !away.includes(member) && !isMasked(member)));
  const why = [
    ...(away.length > 0 ? [absences(away)] : []),
    ...(masked.length > 0 ? [`etcd.service is masked on ${masked.join(', ')}`] : []),
    ...(unfit.length > 0 ? [`${unfit.join(', ')} did not pass preflight and is stopped`] : []),
    ...(unlisted.length > 0 ? [`${unlisted.join(', ')}, not on the list of hosts, may be off`] : []),
  ];
  const ways = [
    ...(silent.length > 0
      ? [`bring ${silent.join(' or ')} back and run up again, or give --lost ${silent.join(',')} if permanently off`]
      : []),
    ...(barred.length > 0 ? [`fix SSH access to ${barred.join(', ')}`] : []),
    ...(masked.length > 0 ? [`unmask etcd.service on ${masked.join(', ')}`] : []),
    ...(unfit.length > 0 ? [`fix the preflight errors of ${unfit.join(', ')}`] : []),
    ...(unlisted.length > 0
      ? [
          `put ${unlisted.join(', ')} back on the list of hosts (--hosts, --control-plane), with --lost if permanently off`,
        ]
      : []),
  ];
  return {
    members: names(idle),
    message: `etcd accepts no new member while ${why.join(' and ')}; the cluster keeps working`,
    hint: ways.join('; '),
  };
}

const isStarted = (member: Known): boolean => member.fit && member.condition.kind === 'data' && !isMasked(member);
