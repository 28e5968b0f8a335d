import { DisklessError } from '../errors.js';

/** No answer over TCP: asking costs sshd nothing. */
const SILENT = new Set(['unreachable', 'name-not-resolved']);
/** TCP answered, and no login came of it: an sshd that starts, ends or is too slow. */
const UNFINISHED = new Set([
  'no-banner',
  'connection-lost',
  'connection-closed',
  'handshake-timeout',
  'stalled',
  'timeout',
]);
/** A machine turns everybody away until it has come up (pam_nologin), and those whose keys it does not have yet. */
const REFUSED = 'auth-failed';
/** Perhaps a penalty: the least that sshd enforces lasts 15 s. */
const DROPPED = 'reset-before-banner';

/**
 * OpenSSH keeps accounts of what came to no login (sshd_config(5), PerSourcePenalties): 1 s for a connection that ended
 * before, 5 s for a refused one, and from 15 s on nobody at our address is served. At this pace nothing adds up.
 */
const PAUSES = {
  silent: { firstMs: 500, mostMs: 2_000 },
  /** From the beginning of one attempt to the next: one that had to wait for a banner is followed soon by another. */
  unfinished: { everyMs: 5_000, leastMs: 500 },
  refusedMs: 10_000,
  droppedMs: 15_000,
};

/** Whether a machine that is just booting, or going down to boot, fails like this. */
export function isOfBooting(error: unknown): error is DisklessError {
  if (!(error instanceof DisklessError)) return false;
  const { code } = error;
  return SILENT.has(code) || UNFINISHED.has(code) || code === REFUSED || code === DROPPED;
}

/**
 * How long to wait after each failure of one machine, in milliseconds, given how long the attempt took; undefined when it
 * will not get better.
 */
export function createPauses(): (error: unknown, tookMs?: number) => number | undefined {
  let silentMs = PAUSES.silent.firstMs / 2;
  return (error, tookMs = 0) => {
    if (!isOfBooting(error)) return undefined;
    if (error.code === REFUSED) return PAUSES.refusedMs;
    if (error.code === DROPPED) return PAUSES.droppedMs;
    const { everyMs, leastMs } = PAUSES.unfinished;
    if (UNFINISHED.has(error.code)) return Math.max(leastMs, everyMs - tookMs);
    silentMs = Math.min(silentMs * 2, PAUSES.silent.mostMs);
    return silentMs;
  };
}

export interface ConnectRetryOptions {
  /** One attempt, brought to its end: a login or an error. */
  connect: (node: string) => Promise<unknown>;
  /** From now on; 0: every machine is asked once. */
  waitMs: number;
  monotonicMs: () => number;
  sleep: (ms: number) => Promise<void>;
  /** Told once per machine, wait and reason (the error's code), with why it is not there. */
  onWait: (node: string, error: DisklessError) => void;
}

/** Retry with backoff for machines that do not answer yet: they are asked on while those that do are worked on. */
export interface ConnectRetry {
  /** Whether there is time to wait for anybody. */
  readonly hasTime: boolean;
  /**
   * Resolves when the machine has answered; rejects with its last error when the time is over, or at once with a lasting
   * one. It is not asked again then.
   */
  connected(node: string): Promise<void>;
  /** Resolves when one of these machines has answered since it was left out, or when none of them will any more. */
  anyConnected(of: ReadonlySet<string>): Promise<void>;
}

export function createConnectRetry(options: ConnectRetryOptions): ConnectRetry {
  const { waitMs, monotonicMs } = options;
  const deadline = monotonicMs() + waitMs;
  const waiting = new Map<string, Promise<void>>();
  const failed = new Map<string, unknown>();

  const ask = async (node: string): Promise<void> => {
    const pauseAfter = createPauses();
    const told = new Set<string>();
    for (;;) {
      const beganMs = monotonicMs();
      try {
        await options.connect(node);
        return;
      } catch (error) {
        const pause = pauseAfter(error, monotonicMs() - beganMs);
        const leftMs = deadline - monotonicMs();
        if (pause !== undefined && leftMs > 0 && error instanceof DisklessError) {
          if (!told.has(error.code)) options.onWait(node, error);
          told.add(error.code);
          await options.sleep(Math.min(pause, leftMs));
          // Not even a last attempt is made before its time.
          if (pause < leftMs) continue;
        }
        if (waitMs > 0) failed.set(node, error);
        throw error;
      }
    }
  };

  return {
    get hasTime() {
      return monotonicMs() < deadline;
    },
    connected(node) {
      if (failed.has(node)) return Promise.reject(failed.get(node));
      const known = waiting.get(node);
      if (known) return known;
      const attempts = ask(node).finally(() => waiting.delete(node));
      waiting.set(node, attempts);
      // Whoever waits for it hears of the failure; there may be nobody just then.
      attempts.catch(() => {});
      return attempts;
    },
    async anyConnected(of) {
      // What is no longer waited for has answered meanwhile, or has failed: the next pass asks it and says so.
      const attempts = [...of].map((node) => waiting.get(node) ?? Promise.resolve());
      await Promise.any(attempts).catch(() => {});
    },
  };
}
