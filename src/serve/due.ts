import type { Role } from '../config/spec.js';
import type { Sight } from './watch-machine.js';

/* When the daemon runs `up`: pure, over what was seen and how earlier runs ended. */

export interface Machine {
  name: string;
  role: Role;
  /** undefined: nothing is known of it yet. */
  sight: Sight | undefined;
  /** The boot that the last run, whoever's, left it in; undefined: none. */
  recordedBoot: string | undefined;
  /** Runs of ours in this boot that it was not well after, one after another. */
  failures: number;
  /** When the last of them ended, monotonic milliseconds. */
  failedAtMs: number;
}

export interface DueInput {
  machines: readonly Machine[];
  /** Whether the life of etcd's data that is recorded was never finished: whoever began it is gone. */
  isUnfinished: boolean;
  /** Whether a run of ours has ended since the daemon began: what one that was killed left is seen by no record. */
  hasRun: boolean;
  /** Runs of ours that failed as a whole since something changed, one after another; and when the last one ended. */
  clusterFailures: number;
  clusterFailedAtMs: number;
  /** When the last run of ours ended, or could not begin, monotonic milliseconds; before any: when the daemon began. */
  ranAtMs: number;
  /** When a machine came, went or was in another boot last, monotonic milliseconds. */
  changedAtMs: number;
  beganMs: number;
  nowMs: number;
}

export type Due =
  | { kind: 'now'; why: string }
  /** `waitsFor`: for a person to read. `isFirst`: no run has failed before that could say more. */
  | { kind: 'later'; atMs: number; waitsFor: string; isFirst: boolean }
  | { kind: 'nothing' };

/** All that is known by then is acted on: a machine that is off takes a while to show it. */
const FIRST_LOOK_MS = 15_000;
/** Control planes that lost power together come back one after another; what has not by then is told by a refusal. */
const TOGETHER_MS = 10_000;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 5 * 60_000;
/** Machines that stay up for a year have certificates that end, and changes that nobody saw. */
const DAILY_MS = 24 * 60 * 60_000;

export function due(input: DueInput): Due {
  const { machines, nowMs } = input;
  const unseen = machines.filter(({ sight }) => sight === undefined);
  if (!input.hasRun && unseen.length > 0 && nowMs < input.beganMs + FIRST_LOOK_MS)
    return later(input.beganMs + FIRST_LOOK_MS, `${namesOf(unseen)}: not asked yet`, true);
  const wanted = input.hasRun ? machines.filter(isWanted) : machines.filter(isUp);
  const [first] = wanted;
  const isDaily = nowMs >= input.ranAtMs + DAILY_MS;
  const isOwed = input.isUnfinished || isDaily;
  const isCalledFor = input.hasRun && (input.clusterFailures > 0 || (isOwed && machines.some(isUp)));
  if (first === undefined && !isCalledFor) return { kind: 'nothing' };
  const gathering = whoseReturnDecides(input);
  if (gathering) return gathering;
  const clusterAtMs = retryAt(input.clusterFailures, input.clusterFailedAtMs);
  if (nowMs < clusterAtMs) return later(clusterAtMs, 'the last run failed: it is tried again');
  const ready = wanted.filter((machine) => nowMs >= retryAt(machine.failures, machine.failedAtMs));
  if (ready.length > 0 || first === undefined)
    return { kind: 'now', why: input.hasRun ? reasonOf(ready, isDaily) : 'what is there is looked at' };
  const nextMs = Math.min(...wanted.map(({ failures, failedAtMs }) => retryAt(failures, failedAtMs)));
  return later(nextMs, `${namesOf(wanted)}: not well after the last run, which is tried again`);
}

/** Where no majority of the control planes is in a boot that we know, what the silent ones hold decides. */
function whoseReturnDecides({ machines, changedAtMs, nowMs }: DueInput): Due | undefined {
  const planes = machines.filter(({ role }) => role === 'control-plane');
  const living = planes.filter((machine) => isUp(machine) && !isInNewBoot(machine));
  const away = planes.filter((machine) => !isUp(machine));
  if (living.length > planes.length / 2 || away.length === 0) return undefined;
  const atMs = changedAtMs + TOGETHER_MS;
  return nowMs < atMs ? later(atMs, `control planes that do not answer yet: ${namesOf(away)}`, true) : undefined;
}

const isUp = ({ sight }: Machine): boolean => sight?.kind === 'up';

const isInNewBoot = ({ sight, recordedBoot }: Machine): boolean =>
  sight?.kind === 'up' && sight.bootId !== recordedBoot;

const isWanted = (machine: Machine): boolean => isUp(machine) && (isInNewBoot(machine) || machine.failures > 0);

function retryAt(failures: number, failedAtMs: number): number {
  if (failures === 0) return Number.NEGATIVE_INFINITY;
  return failedAtMs + Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
}

function reasonOf(ready: readonly Machine[], isDaily: boolean): string {
  const back = ready.filter(isInNewBoot);
  if (back.length > 0) return `${namesOf(back)}: in another boot`;
  if (ready.length > 0) return `${namesOf(ready)}: once more`;
  return isDaily ? 'a day has passed: certificates are renewed in time, and what changed is put right' : 'once more';
}

const later = (atMs: number, waitsFor: string, isFirst = false): Due => ({ kind: 'later', atMs, waitsFor, isFirst });
const namesOf = (machines: readonly Machine[]): string => machines.map(({ name }) => name).join(', ');
