import { onAbort } from '../abort.js';
import { DisklessError } from '../errors.js';

/* A node that we reach, and the others do not: nothing that a run does brings it to them. */

/** Looks cost a round trip: none in a run in which nothing takes long, and few where the links are sound. */
const FIRST_LOOK_MS = 5_000;
const NEXT_LOOK_MS = 30_000;
/** An address that moves, a port of a switch that comes up: in a row over some ten seconds it is neither. */
const AGAIN_MS = 2_000;
const LOOKS_IN_A_ROW = 3;

/** A node that does not reach those without whom it gets nowhere. */
export interface Separation {
  /** Whom and where, in a sentence about the node. */
  what: string;
}

export interface LinkWatch {
  /**
   * Rejects once it is certain that the node is cut off, and never resolves. The first who asks hears the error, everybody
   * else that what he waits for depends on it.
   */
  cutOff(node: string, asking: Asking): Promise<never>;
}

interface Asking {
  /** Ends the asking. */
  signal: AbortSignal;
  /** Told of what was seen, before it is certain. */
  onSuspicion: (what: string) => void;
}

interface Watched {
  askers: Set<Asker>;
  /** Ends the looking, when nobody asks any more. */
  looking?: AbortController;
  isTold: boolean;
  separation?: Separation;
}

interface Asker {
  onSuspicion: Asking['onSuspicion'];
  reject: (error: unknown) => void;
}

export interface LinkWatchOptions {
  /** Undefined: it is not cut off, or that cannot be told. */
  observe: (node: string, signal: AbortSignal) => Promise<Separation | undefined>;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** One for a pass, shared by all steps. */
export function createLinkWatch({ observe, sleep }: LinkWatchOptions): LinkWatch {
  const nodes = new Map<string, Watched>();
  const look = async (node: string, watched: Watched, signal: AbortSignal): Promise<void> => {
    let pauseMs = FIRST_LOOK_MS;
    for (let missed = 0; missed < LOOKS_IN_A_ROW; ) {
      await sleep(pauseMs, signal);
      const separation = await observe(node, signal).catch(() => undefined);
      signal.throwIfAborted();
      missed = separation === undefined ? 0 : missed + 1;
      pauseMs = separation === undefined ? NEXT_LOOK_MS : AGAIN_MS;
      for (const { onSuspicion } of watched.askers) onSuspicion(separation?.what ?? '');
      if (missed === LOOKS_IN_A_ROW && separation !== undefined) watched.separation = separation;
    }
    for (const { reject } of watched.askers) reject(errorFor(node, watched));
  };
  const begin = (node: string, watched: Watched): void => {
    const looking = new AbortController();
    watched.looking = looking;
    // Only by its end: what a look fails with, whoever waits will hear of, as of a connection that was lost.
    look(node, watched, looking.signal).catch(() => undefined);
  };
  return {
    cutOff(node, { signal, onSuspicion }) {
      const watched = nodes.get(node) ?? { askers: new Set<Asker>(), isTold: false };
      nodes.set(node, watched);
      if (watched.separation) return Promise.reject(errorFor(node, watched));
      return new Promise<never>((_resolve, reject) => {
        const asker = { onSuspicion, reject };
        watched.askers.add(asker);
        if (watched.askers.size === 1) begin(node, watched);
        onAbort(signal, () => {
          watched.askers.delete(asker);
          if (watched.askers.size === 0) watched.looking?.abort();
        });
      });
    },
  };
}

function errorFor(node: string, watched: Watched): DisklessError {
  const { what = '' } = watched.separation ?? {};
  if (watched.isTold) return new DisklessError({ code: 'dependency-failed', host: node, message: 'it is cut off' });
  watched.isTold = true;
  return new DisklessError({
    code: 'cut-off',
    host: node,
    message: `${what}: nothing that this run does can change that`,
    hint: 'mend the link between them (cable, switch, VLAN, firewall), then run the same command again',
  });
}
