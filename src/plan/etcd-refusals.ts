import type { EtcdRecord } from '../state/records.js';
import {
  absences,
  askedFor,
  awayOf,
  type EtcdEntry,
  type EtcdFacts,
  isCurrent,
  isOlder,
  type MemberFacts,
  names,
  of,
} from './etcd-facts.js';
import { type Refusal, refused } from './etcd-order-types.js';

/* What a person must decide, each with the ways out that there are. */

/** Its marker names the attempt, and says that no apiserver was started over it. */
export const isUnopened = ({ incarnation, token }: EtcdRecord, { condition }: MemberFacts): boolean =>
  condition.kind === 'data' &&
  condition.incarnation === incarnation &&
  condition.token === token &&
  condition.open === false;

/**
 * Data of that number whose marker does not say that it is empty, as earlier releases wrote it: fine to go on with, not to
 * wipe. With what is of an older life, which goes by the same word.
 */
export function refuseUnprovenData(
  facts: EtcdFacts,
  recorded: EtcdRecord,
  usable: readonly MemberFacts[],
): Refusal | undefined {
  const isUnproven = (member: MemberFacts): boolean => isCurrent(recorded)(member) && !isUnopened(recorded, member);
  const asked = askedFor(
    facts,
    recorded,
    usable.filter((member) => isUnproven(member) || isOlder(recorded)(member)),
  );
  const unproven = names(asked.filter(isUnproven));
  if (unproven.length === 0) return refuseOlderData(facts, recorded, usable);
  const older = asked.filter(isOlder(recorded)).map(withIncarnation);
  const beside = older.length > 0 ? `, beside data of an earlier life on ${older.join(', ')}` : '';
  return refused(
    'unfinished-data',
    `the bootstrap of incarnation ${recorded.incarnation} never finished, and ${unproven.join(', ')} ${hold(unproven)} etcd data that is not marked as empty${beside}`,
    `--discard-data ${names(asked).join(',')} keeps a copy of that data, deletes it there and begins again; or reboot ${names(asked).join(', ')}`,
  );
}

/** Nothing is ordered on the silence of a machine. */
export function mayHoldData(away: readonly MemberFacts[]): Refusal {
  const { silent, barred } = awayOf(away);
  const ways = [
    ...(barred.length > 0 ? [`fix SSH access to ${barred.join(', ')}`] : []),
    ...(silent.length > 0
      ? [
          `bring ${silent.join(' or ')} back, or confirm with --lost ${silent.join(',')} that it is permanently off and its data lost`,
        ]
      : []),
  ];
  return refused(
    'may-hold-data',
    `no reachable control plane has the cluster's data; ${absences(away)} and may still have it`,
    ways.join('; '),
  );
}

/** It did not lose its data by a reboot, so it may be elsewhere: on a disk that is not mounted, or moved away by hand. */
export function mayHaveMoved(members: readonly MemberFacts[]): Refusal {
  const all = names(members).join(', ');
  return refused(
    'may-hold-data',
    `${all} ${members.length === 1 ? 'has' : 'have'} no data, and ${members.length === 1 ? 'was' : 'were'} not rebooted since it was recorded: what was there then may still be somewhere`,
    `bring it back to where it was, or reboot ${all} if it may go, and run the same command again`,
  );
}

/** They were rebooted, and that is no proof that what they held is gone. */
export function mayBeElsewhere(members: readonly MemberFacts[]): Refusal {
  const reasons = members.map(
    ({ name, condition }) => `${name} ${condition.kind === 'blank' ? (condition.elsewhere ?? '') : ''}`,
  );
  const all = names(members);
  return refused(
    'may-hold-data',
    `data of the cluster may still be where nobody looked: ${reasons.join(', ')}`,
    `bring back what ${all.join(', ')} had before, or confirm with --lost ${all.join(',')} that it is gone for good`,
  );
}

/** An older incarnation is not older data: it may hold what was written last. */
export function refuseOlderData(
  facts: EtcdFacts,
  recorded: EtcdRecord,
  members: readonly MemberFacts[],
): Refusal | undefined {
  const older = askedFor(facts, recorded, members.filter(isOlder(recorded)));
  if (older.length === 0) return undefined;
  return refused(
    'older-data',
    `etcd data of a life before incarnation ${recorded.incarnation} is left on ${older.map(withIncarnation).join(', ')}, and may hold what was written last`,
    `--discard-data ${names(older).join(',')} keeps a copy of it as a stray, and deletes it there; or reboot ${names(older).join(', ')} if it may go`,
  );
}

/** `m1 (incarnation 2)` */
export function withIncarnation({ name, condition }: MemberFacts): string {
  const incarnation = condition.kind === 'data' ? condition.incarnation : undefined;
  return `${name} (incarnation ${incarnation ?? 'unknown'})`;
}

/** Somebody saw to it that it does not start: that is a word of theirs, and not ours to overrule. */
export function askedAbout(masked: readonly MemberFacts[]): Refusal {
  const all = names(masked).join(', ');
  const holders = names(masked.filter(({ condition }) => condition.kind === 'data')).join(', ');
  return refused(
    'etcd-masked',
    `etcd.service is masked on ${all}, and etcd there is left alone as long as it is`,
    `unmask etcd.service on ${all} (systemctl unmask) and run the same command again${holders && `, or reboot ${holders} if its data may go`}`,
  );
}

/** Beside another member's URL etcd would hand out that one's ID. @param owner The member, listed as configured or not */
export function addressTaken(member: MemberFacts, owner: MemberFacts | { name: string }): Refusal {
  const address = member.peerUrl === undefined ? '' : ` (${new URL(member.peerUrl).hostname})`;
  const away = 'condition' in owner && owner.condition.kind === 'unreachable' ? owner.condition : undefined;
  const lost = away && away.answers !== true ? `, or give --lost ${owner.name} if permanently off` : '';
  const back = 'condition' in owner && !away ? `see to it that ${owner.name} takes part` : `bring ${owner.name} back`;
  const other =
    member.condition.kind === 'data'
      ? `reboot ${member.name}, which then joins anew`
      : `give ${member.name} another address`;
  return refused(
    'address-taken',
    `${member.name} has the address${address} that etcd knows ${owner.name} by, and can be no member beside it`,
    `${back} and run up again, which tells the others its new address${lost}; or ${other}`,
  );
}

/** Two machines of a name: which of them is meant, a person knows. */
export function nameTaken({ name }: MemberFacts, { peerUrls }: EtcdEntry): Refusal {
  return refused(
    'name-taken',
    `${name} holds etcd data of a member that was removed, and etcd knows another machine as ${name} (${peerUrls.join(', ')})`,
    `see to it that the name ${name} leads to that machine; or reboot the one that it leads to now: ${name} is then taken in anew, in the place of that member`,
  );
}

/** Marked by an earlier release, and not running: no member is moved on its name alone. */
export function memberUnknown({ name, peerUrl = '' }: MemberFacts, { peerUrls }: EtcdEntry): Refusal {
  return refused(
    'member-unknown',
    `${name} is at ${peerUrl}, etcd knows a member of that name at ${peerUrls.join(', ')}, and its data does not say that it is that one`,
    `give ${name} that address back, or reboot ${name}: it is then taken in anew`,
  );
}

export const hold = (holders: readonly string[]): string => (holders.length === 1 ? 'holds' : 'hold');

export function noMajority(facts: EtcdFacts, usable: readonly MemberFacts[]): Refusal {
  const unfit = facts.members.filter(({ condition, fit }) => condition.kind !== 'unreachable' && !fit);
  const absent = of(facts, 'unreachable');
  const barred = absent.filter(({ condition }) => condition.kind === 'unreachable' && condition.obstacle !== undefined);
  const reasons = [
    ...(absent.length > 0 ? [absences(absent)] : []),
    ...(unfit.length > 0 ? [`${names(unfit).join(', ')} did not pass preflight`] : []),
  ];
  const remedies = [
    ...(unfit.length > 0 ? ['fix the preflight errors'] : []),
    ...(barred.length > 0 ? [`fix SSH access to ${names(barred).join(', ')}`] : []),
    ...(absent.length > barred.length ? ['start those that are off'] : []),
  ];
  return refused(
    'no-majority',
    `only ${usable.length} of ${facts.members.length} control planes can be used: ${reasons.join('; ')}`,
    `${remedies.join(', ')}, or name other control planes with --control-plane`,
  );
}
