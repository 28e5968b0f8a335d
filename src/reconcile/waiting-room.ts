import { DisklessError } from '../errors.js';

/** Nothing answered yet: asking costs sshd nothing. */
const SILENT = new Set(['unreachable', 'name-not-resolved']);
/**
 * An sshd was there and went, or was too slow. sshd may count what did not come to a login against our address
 * (PerSourcePenalties: 1 s for each, and nobody is served above 15 s), so this is asked less often.
 */
const UNFINISHED = new Set([
  'reset-before-banner',
  'connection-lost',
  'connection-closed',
  'handshake-timeout',
  'stalled',
  'timeout',
]);
/** Until a machine has come up it may turn everybody away (pam_nologin). sshd counts 5 s for each. */
const REFUSED = new Set(['auth-failed']);

const PAUSES = {
  silent: { firstMs: 500, mostMs: 2_000 },
  unfinished: { firstMs: 2_000, mostMs: 10_000 },
  refused: { everyMs: 10_000, times: 3 },
};

/** Whether a machine that is just booting, or going down to boot, fails like this. */
export function isOfBooting(error: unknown): error is DisklessError {
  if (!(error instanceof DisklessError)) return false;
  return [SILENT, UNFINISHED, REFUSED].some((codes) => codes.has(error.code));
}

/** How long to wait after each failure of one machine, in milliseconds; undefined when it will not get better. */
export function createPauses(): (error: unknown) => number | undefined {
  let silent = PAUSES.silent.firstMs / 2;
  let unfinished = PAUSES.unfinished.firstMs / 2;
  let refusals = 0;
  return (error) => {
    if (!isOfBooting(error)) return undefined;
    if (REFUSED.has(error.code)) return ++refusals > PAUSES.refused.times ? undefined : PAUSES.refused.everyMs;
    if (UNFINISHED.has(error.code)) {
      unfinished = Math.min(unfinished * 2, PAUSES.unfinished.mostMs);
      return unfinished;
    }
    silent = Math.min(silent * 2, PAUSES.silent.mostMs);
    return silent;
  };
}

export interface WaitingRoomOptions {
  /** One attempt, brought to its end: a login or an error. */
  connect: (node: string) => Promise<unknown>;
  /** From now on; 0: every machine is asked once. */
  waitMs: number;
  monotonicMs: () => number;
  sleep: (ms: number) => Promise<void>;
  /** Told once per machine and wait, with why it is not there. */
  onWait: (node: string, error: DisklessError) => void;
}

/** Machines that do not answer yet. They are asked on while those that do are worked on. */
export interface WaitingRoom {
  /** Whether there is any waiting at all. */
  readonly isOpen: boolean;
  /**
   * Resolves when the machine has answered; rejects with its last error when the time is over, or at once with a lasting
   * one. It is not asked again then.
   */
  arrival(node: string): Promise<void>;
  /** Resolves when one of these machines has answered since it was left out, or when none of them will any more. */
  news(of: ReadonlySet<string>): Promise<void>;
}

export function createWaitingRoom(options: WaitingRoomOptions): WaitingRoom {
  const { waitMs, monotonicMs } = options;
  const deadline = monotonicMs() + waitMs;
  const waiting = new Map<string, Promise<void>>();
  const failed = new Map<string, unknown>();

  const ask = async (node: string): Promise<void> => {
    const pauseAfter = createPauses();
    for (let isFirst = true; ; isFirst = false) {
      try {
        await options.connect(node);
        return;
      } catch (error) {
        const pause = pauseAfter(error);
        const leftMs = deadline - monotonicMs();
        if (pause === undefined || leftMs <= 0) {
          if (waitMs > 0) failed.set(node, error);
          throw error;
        }
        if (isFirst && error instanceof DisklessError) options.onWait(node, error);
        await options.sleep(Math.min(pause, leftMs));
      }
    }
  };

  return {
    get isOpen() {
      return monotonicMs() < deadline;
    },
    arrival(node) {
      if (failed.has(node)) return Promise.reject(failed.get(node));
      const known = waiting.get(node);
      if (known) return known;
      const arrival = ask(node).finally(() => waiting.delete(node));
      waiting.set(node, arrival);
      // Whoever waits for it hears of the failure; there may be nobody just then.
      arrival.catch(() => {});
      return arrival;
    },
    async news(of) {
      // What is no longer waited for has answered meanwhile, or has failed: the next pass asks it and says so.
      const arrivals = [...of].map((node) => waiting.get(node) ?? Promise.resolve());
      await Promise.any(arrivals).catch(() => {});
    },
  };
}
