import { type Cluster, openCluster } from '../cluster/cluster.js';
import { DisklessError } from '../errors.js';
import type { EventBus } from '../runner/event-bus.js';
import { createRollingLock } from '../runner/rolling-lock.js';
import type { Connection } from '../ssh/transport.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import { createAttendance } from './attendance.js';
import { createEtcdRejoin } from './etcd-rejoin.js';
import { createLinkWatch } from './link-watch.js';
import { majorityRuns } from './observe-etcd.js';
import { observeLinks } from './observe-links.js';
import { createReadinessWatch } from './readiness-watch.js';
import type { ReconcileOptions, Reconciliation, RunTools } from './reconciliation.js';
import { createWaitingRoom } from './waiting-room.js';

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

/** One `up` or `plan`. */
export interface Run extends RunTools {
  command: ReconcileInput['command'];
  /** Ends the waiting for machines that nobody needs any more. */
  stopWaiting: () => void;
}

/** Connects to nobody yet: sessions open on first use. */
export function openRun(input: ReconcileInput): Run {
  const { spec, bus, signal, state, command, open } = input;
  const cluster = openCluster({
    spec,
    // The waiting room sets the pace while it is open: attempts within attempts would add up to what sshd penalises.
    connect: (node, abort) => open(node, abort, { retryDropped: !waiting.isOpen }),
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
  const memory = {
    nodeRecords: new Map(input.nodeRecords),
    epochs: new Map(),
    tally: new Map(),
    newCluster: input.newCluster,
    ...(input.record && { record: input.record }),
  };
  const { stopWaiting, waiting } = openWaiting(input, cluster);
  return { options: input, bus, signal, cluster, memory, command, waiting, stopWaiting };
}

function openWaiting({ clock, waitMs, bus, signal }: ReconcileInput, cluster: Cluster) {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  const waiting = createWaitingRoom({
    connect: (node) => cluster.session(node).connection(),
    waitMs,
    monotonicMs: clock.monotonicMs,
    sleep: (ms) => clock.sleep(ms, either),
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
  return { waiting, stopWaiting: () => enough.abort() };
}

/** What the steps of one pass share, nothing seen or decided yet. */
export function openPass(run: Run, { first, last }: { first: boolean; last: boolean }): Reconciliation {
  const { options, cluster, signal } = run;
  const context: Reconciliation = {
    ...run,
    rejoin: createEtcdRejoin(() => context),
    links: createLinkWatch({
      observe: (node, own) => observeLinks(context, node, own),
      sleep: options.clock.sleep,
    }),
    // A plan has no second pass, and a second one is made for those who were late in the first; but whoever is still
    // booting is not waited for here.
    attendance: createAttendance(options.spec.nodes, {
      patient: run.command === 'plan' || !(first || run.waiting.isOpen),
      // Who is said to be lost is judged by that word: it must be seen first that nobody answers.
      isDecidedWithout: (missing) =>
        run.waiting.isOpen && !missing.some((name) => options.lost.has(name)) && majorityRuns(context),
    }),
    late: new Set(),
    again: new Set(),
    last,
    facts: new Map(),
    unread: new Map(),
    woken: new Set(),
    claimed: new Map(),
    unregistered: new Map(),
    well: new Set(),
    dnsAnswers: false,
    traffic: new Map(),
    stillThere: new Set(),
    rolling: createRollingLock(
      () =>
        new DisklessError({
          code: 'dependency-failed',
          message: 'another control plane did not become healthy after its restart, so this one was left running',
        }),
    ),
    readiness: createReadinessWatch({
      client: () => cluster.kube(),
      nodes: () =>
        new Map([...(context.judgement?.work.values() ?? [])].map(({ node, facts }) => [node.name, facts.bootId])),
      timeoutMs: options.readyTimeoutMs,
      signal,
    }),
  };
  return context;
}

export async function closeRun({ cluster, stopWaiting }: Run): Promise<void> {
  stopWaiting();
  await cluster.close();
}
