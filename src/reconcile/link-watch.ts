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
  /** Resolves once it is certain that the node is cut off, and never rejects. */
  cutOff(node: string, asking: Asking): Promise<CutOff>;
  /** What was found before, and nothing speaks against since. */
  found(node: string): CutOff | undefined;
}

export interface CutOff {
  /** For whoever ends by it. The first hears the reason, everybody else that what he waits for depends on it. */
  error(): DisklessError;
  /** What waited for the other nodes has come to its end after all: they are looked for anew. */
  refute(): void;
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
  found?: CutOff | undefined;
}

interface Asker {
  onSuspicion: Asking['onSuspicion'];
  resolve: (found: CutOff) => void;
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
    for (let missed = 0; watched.found === undefined; ) {
      await sleep(pauseMs, signal);
      const separation = await observe(node, signal).catch(() => undefined);
      signal.throwIfAborted();
      missed = separation === undefined ? 0 : missed + 1;
      pauseMs = separation === undefined ? NEXT_LOOK_MS : AGAIN_MS;
      for (const { onSuspicion } of watched.askers) onSuspicion(separation?.what ?? '');
      if (missed === LOOKS_IN_A_ROW && separation !== undefined) watched.found = finding(node, watched, separation);
    }
    for (const { resolve } of watched.askers) resolve(watched.found);
    // Who asks from now on begins another look, should this one be refuted.
    watched.askers.clear();
  };
  const begin = (node: string, watched: Watched): void => {
    const looking = new AbortController();
    watched.looking = looking;
    // Only by its end: what a look fails with, whoever waits will hear of, as of a connection that was lost.
    look(node, watched, looking.signal).catch(() => undefined);
  };
  return {
    cutOff(node, { signal, onSuspicion }) {
      const watched = nodes.get(node) ?? { askers: new Set<Asker>() };
      nodes.set(node, watched);
      if (watched.found) return Promise.resolve(watched.found);
      return new Promise<CutOff>((resolve) => {
        const asker = { onSuspicion, resolve };
        watched.askers.add(asker);
        if (watched.askers.size === 1) begin(node, watched);
        onAbort(signal, () => {
          watched.askers.delete(asker);
          if (watched.askers.size === 0) watched.looking?.abort();
        });
      });
    },
    found: (node) => nodes.get(node)?.found,
  };
}

function finding(node: string, watched: Watched, { what }: Separation): CutOff {
  let isTold = false;
  const found: CutOff = {
    error() {
      if (isTold) return new DisklessError({ code: 'dependency-failed', host: node, message: 'it is cut off' });
      isTold = true;
      return new DisklessError({
        code: 'cut-off',
        host: node,
        message: `${what}: nothing that this run does can change that`,
        hint: 'mend the link between them (cable, switch, VLAN, firewall), then run the same command again',
      });
    },
    refute() {
      if (watched.found === found) watched.found = undefined;
    },
  };
  return found;
}
