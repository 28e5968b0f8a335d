import { untilAborted } from '../abort.js';
import { type DisklessError, toDisklessError } from '../errors.js';
import { createPauses } from '../reconcile/connect-retry.js';
import { readBootId } from '../ssh/boot-id.js';
import type { Connection } from '../ssh/transport.js';

/** What is known of a machine just now. */
export type Sight =
  | { kind: 'up'; bootId: string }
  /** `why`: of the last attempt to reach it. */
  | { kind: 'down'; why: DisklessError };

/** For a person, after the machine's name. */
export const sightText = (sight: Sight): string =>
  sight.kind === 'up' ? `is there, in boot ${sight.bootId}` : `is not there: ${sight.why.message}`;

export interface MachineWatch {
  /** The living connection, or a new one. */
  connect: () => Promise<Connection>;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  monotonicMs: () => number;
  /** Told of each change, and of nothing else. */
  onSight: (sight: Sight) => void;
  signal: AbortSignal;
}

/** A machine is to be noticed within two seconds of its SSH answering, and an attempt takes time too. */
const MOST_SILENT_MS = 1_000;
/** A machine that keeps us out may be let in by a person, or by its own end of booting. */
const REFUSED_MS = 10_000;
const AFTER_LOSS_MS = 250;

/**
 * Follows one machine: which boot it is in, and when it goes away. As long as it lives nobody asks it anything; nothing
 * announces that a machine which went away is back, so it is asked for. Ends with its signal only.
 *
 * @throws the signal's reason
 */
export async function watchMachine({ connect, sleep, monotonicMs, onSight, signal }: MachineWatch): Promise<never> {
  let last: Sight | undefined;
  let pauseAfter = createPauses();
  const see = (sight: Sight): void => {
    if (!isSame(last, sight)) onSight(sight);
    last = sight;
  };
  for (;;) {
    const beganMs = monotonicMs();
    let pause = AFTER_LOSS_MS;
    try {
      const connection = await untilAborted(connect(), signal);
      see({ kind: 'up', bootId: await readBootId(connection, { signal }) });
      pauseAfter = createPauses();
      await untilAborted(connection.closed, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const why = toDisklessError(thrown);
      see({ kind: 'down', why });
      const wanted = pauseAfter(why, monotonicMs() - beganMs) ?? REFUSED_MS;
      pause = isSilent(why) ? Math.min(wanted, MOST_SILENT_MS) : wanted;
    }
    await sleep(pause, signal);
  }
}

/** Asking it over and over costs its sshd nothing: there is none yet. */
const isSilent = ({ code }: DisklessError): boolean => code === 'unreachable' || code === 'name-not-resolved';

function isSame(one: Sight | undefined, other: Sight): boolean {
  if (one === undefined || one.kind !== other.kind) return false;
  if (one.kind === 'up') return other.kind === 'up' && one.bootId === other.bootId;
  return other.kind === 'down' && one.why.code === other.why.code;
}
