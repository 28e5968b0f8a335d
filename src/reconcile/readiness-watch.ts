import type { KubeClient } from '../kube/client.js';
import { waitNodesReady } from '../kube/nodes-ready.js';

export interface ReadinessWatch {
  /** Resolves when the node is Ready in this epoch, or with what it lacked when its time was up. */
  wait(node: string): Promise<string | undefined>;
}

export interface ReadinessWatchOptions {
  client: () => Promise<KubeClient>;
  /** Node name → boot_id of all nodes that will be waited for; one watch serves them all. */
  nodes: () => ReadonlyMap<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
}

/** One watch for the whole run, begun when the first step needs it. */
export function createReadinessWatch(options: ReadinessWatchOptions): ReadinessWatch {
  const waiting = new Map<string, (pending: string | undefined) => void>();
  const settled = new Map<string, string | undefined>();
  const settle = (node: string, pending: string | undefined): void => {
    settled.set(node, pending);
    waiting.get(node)?.(pending);
  };
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    const { pending } = await waitNodesReady({
      client: await options.client(),
      nodes: options.nodes(),
      onReady: (name) => settle(name, undefined),
      signal: options.signal,
      timeoutMs: options.timeoutMs,
    });
    for (const [name, reason] of pending) settle(name, reason);
  };
  return {
    async wait(node) {
      running ??= run();
      const answer = new Promise<string | undefined>((resolve) => {
        if (settled.has(node)) resolve(settled.get(node));
        else waiting.set(node, resolve);
      });
      return Promise.race([answer, running.then(() => answer)]);
    },
  };
}
