import { deadline, untilAborted } from '../abort.js';
import { DisklessError } from '../errors.js';
import type { KubeClient } from '../kube/client.js';
import { NOT_REGISTERED, waitNodesReady } from '../kube/nodes-ready.js';

export interface ReadinessWatch {
  /** Resolves when the node is Ready in this epoch, or with what it lacked when its own time was up. */
  wait(node: string): Promise<string | undefined>;
  /** The same for when no passing taint keeps pods off it any more: asked once it is Ready. */
  waitForPods(node: string): Promise<string | undefined>;
  /** What it would take ended for good: whoever waits for the node, now or later, gets `dependency-failed`. */
  giveUp(node: string, why: string): void;
  /** What it lacked when it was last seen. */
  lacks(node: string): string;
  /** As the node registered it, e.g. `v1.36.3`; undefined of one that was not seen Ready. */
  kubeletVersion(node: string): string | undefined;
  /** Ends the watch: it goes on as long as any node is missing. */
  end(): void;
}

export interface ReadinessWatchOptions {
  client: () => Promise<KubeClient>;
  /** Node name → boot_id of all nodes that will be waited for; one watch serves them all. */
  nodes: () => ReadonlyMap<string, string>;
  /** For each node from its own `wait` on: one whose files took long has its full time. */
  timeoutMs: number;
  signal: AbortSignal;
}

/** One watch for a whole pass, begun when the first step needs it. */
export function createReadinessWatch(options: ReadinessWatchOptions): ReadinessWatch {
  const ready = createMoments();
  const takesPods = createMoments();
  const versions = new Map<string, string>();
  const lacking = new Map<string, string>();
  const hopes = new Map<string, AbortController>();
  const hopeOf = (node: string): AbortController => {
    const hope = hopes.get(node) ?? new AbortController();
    hopes.set(node, hope);
    return hope;
  };
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  let running: Promise<unknown> | undefined;
  const run = async (): Promise<void> => {
    await waitNodesReady({
      client: await options.client(),
      nodes: options.nodes(),
      onReady: (name, { status }) => {
        const version = status?.nodeInfo?.kubeletVersion;
        if (version !== undefined) versions.set(name, version);
        ready.come(name);
      },
      onTakesPods: takesPods.come,
      onPending: (name, reason) => void lacking.set(name, reason),
      signal,
    });
  };
  const begin = (): Promise<unknown> => {
    for (const name of options.nodes().keys()) {
      ready.expect(name);
      takesPods.expect(name);
    }
    const watching = run();
    watching.catch(() => undefined);
    return watching;
  };
  const lacks = (node: string): string => lacking.get(node) ?? NOT_REGISTERED;
  const waitFor = async (moments: Moments, node: string): Promise<string | undefined> => {
    running ??= begin();
    const own = moments.of(node);
    if (own === undefined) throw new Error(`${node} is not among the nodes waited for`);
    const limit = deadline({ parent: options.signal, ms: options.timeoutMs });
    const timeUp = new Promise<string>((resolve) => {
      limit.signal.addEventListener('abort', () => resolve(lacks(node)), { once: true });
    });
    try {
      // The watch itself ends when all are there, or with an error.
      const come = Promise.race([own.then(() => undefined), running.then(() => undefined), timeUp]);
      return await untilAborted(come, hopeOf(node).signal);
    } finally {
      limit.release();
      options.signal.throwIfAborted();
    }
  };
  return {
    end: () => ended.abort(),
    giveUp: (node, why) =>
      hopeOf(node).abort(new DisklessError({ code: 'dependency-failed', host: node, message: why })),
    kubeletVersion: (node) => versions.get(node),
    lacks,
    wait: (node) => waitFor(ready, node),
    waitForPods: (node) => waitFor(takesPods, node),
  };
}

/** Something that comes once for each node. */
interface Moments {
  expect(node: string): void;
  come(node: string): void;
  of(node: string): Promise<void> | undefined;
}

function createMoments(): Moments {
  const moments = new Map<string, Promise<void>>();
  const resolvers = new Map<string, () => void>();
  return {
    expect: (node) => void moments.set(node, new Promise((resolve) => void resolvers.set(node, resolve))),
    come: (node) => resolvers.get(node)?.(),
    of: (node) => moments.get(node),
  };
}
