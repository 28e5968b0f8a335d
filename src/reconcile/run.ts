import { type Cluster, openCluster } from '../cluster/cluster.js';
import type { EventBus } from '../runner/event-bus.js';
import type { Connection } from '../ssh/transport.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import { createConnectRetry } from './connect-retry.js';
import type { ReconcileOptions, Run } from './context.js';

export interface ReconcileInput extends ReconcileOptions {
  command: 'up' | 'plan';
  /** Opens an SSH connection to a node of the spec; `retryDropped` as in ConnectOptions. */
  open: (node: string, signal: AbortSignal, options?: { retryDropped: boolean }) => Promise<Connection>;
  bus: EventBus;
  signal: AbortSignal;
  /** Recorded state, undefined for a new cluster. */
  record?: ClusterRecord;
  nodeRecords: ReadonlyMap<string, NodeRecord>;
  /** Where the admin kubeconfig lies, for the report. */
  kubeconfigPath: string;
}

/** Everything is closed when the work has ended. Connects to nobody yet: sessions open on first use. */
export async function withRun<T>(input: ReconcileInput, work: (run: Run) => Promise<T>): Promise<T> {
  const { bus, signal } = input;
  const enough = new AbortController();
  const cluster = openSessions(input, () => retry.hasTime);
  const retry = openRetry(input, cluster, AbortSignal.any([signal, enough.signal]));
  try {
    return await work({ options: input, bus, signal, cluster, retry, memory: memoryOf(input) });
  } finally {
    // Nobody needs any more those that are still waited for.
    enough.abort();
    await cluster.close();
  }
}

function memoryOf({ nodeRecords, newCluster, beginning, recoverFrom, record }: ReconcileInput): Run['memory'] {
  return {
    nodeRecords: new Map(nodeRecords),
    epochs: new Map(),
    tally: new Map(),
    newCluster,
    ...(beginning && { beginning }),
    ...(recoverFrom && { recoverFrom }),
    ...(record && { record }),
  };
}

function openSessions({ spec, bus, signal, state, open }: ReconcileInput, isRetried: () => boolean): Cluster {
  return openCluster({
    spec,
    // Who retries sets the pace while there is time: attempts within attempts would add up to what sshd penalises.
    connect: (node, abort) => open(node, abort, { retryDropped: !isRetried() }),
    identities: () => state.pki.operatorIdentities(),
    signal,
    onLoss: (node, { code, message }) =>
      bus.emit({
        type: 'note',
        level: 'info',
        code: 'reconnecting',
        node,
        message: `${message} (${code}): trying again`,
      }),
  });
}

function openRetry({ clock, waitMs, bus }: ReconcileInput, cluster: Cluster, signal: AbortSignal): Run['retry'] {
  return createConnectRetry({
    connect: (node) => cluster.session(node).connection(),
    waitMs,
    monotonicMs: clock.monotonicMs,
    sleep: (ms) => clock.sleep(ms, signal),
    onWait: (node, { code, message, hint }) =>
      bus.emit({
        type: 'note',
        level: 'info',
        code: 'waiting',
        node,
        message: `waiting for it: ${message}`,
        // Time may mend this one, but more often a person must.
        ...(code === 'auth-failed' && hint !== undefined && { hint }),
      }),
  });
}
