import { untilAborted } from '../../abort.js';
import { DisklessError } from '../../errors.js';
import { waitsFor } from '../../runner/long-waits.js';
import type { Gave, Outcome, StepPlace } from '../../runner/sequence.js';
import { type AtWork, hasControllers, type Pass } from '../context.js';
import { fetchEvidence, whereLogs } from '../evidence.js';

/** A node that is Ready. */
export interface ReadyNode {
  /** As its kubelet registered it, e.g. `v1.36.3`. */
  kubeletVersion: string | undefined;
}

/** Ready means: the condition is True and the kubelet of this boot epoch said so. A node in its next boot never will. */
export async function waitReady(context: AtWork, { node }: StepPlace): Promise<Gave<ReadyNode>> {
  waitsFor(() => context.readiness.lacks(node));
  const pending = await unlessRebooted(context, node, context.readiness.wait(node));
  if (pending === undefined) {
    const outcome = context.work.difference.units.length > 0 ? 'changed' : 'unchanged';
    return { outcome, gives: { kubeletVersion: context.readiness.kubeletVersion(node) } };
  }
  const evidence = await fetchEvidence(context, node, 'kubelet.service');
  throw new DisklessError({
    code: 'node-not-ready',
    host: node,
    message: `it was not Ready after ${context.options.readyTimeoutMs / 1000} s: ${pending}`,
    hint: `${whereLogs([evidence], "its kubelet's log")}; a slow machine needs a longer --ready-timeout`,
    detail: evidence.tail,
  });
}

interface WaitingForPods extends Pass {
  /** Nodes whose components are well. */
  readonly healthy: ReadonlyMap<string, unknown>;
}

/**
 * A node that is Ready takes pods only when the node controller has taken its taint off. Where no control plane's
 * controllers work, nobody will: that is told of the cluster, not of each node.
 */
export async function waitForPods(context: WaitingForPods, { node }: StepPlace): Promise<Outcome> {
  if (!hasControllers(context, context.healthy)) {
    throw new DisklessError({ code: 'dependency-failed', host: node, message: 'no control plane has controllers' });
  }
  waitsFor(() => context.readiness.lacks(node));
  const pending = await unlessRebooted(context, node, context.readiness.waitForPods(node));
  if (pending === undefined) return 'unchanged';
  throw new DisklessError({
    code: 'node-takes-no-pods',
    host: node,
    message: `it is Ready, but takes no pods after ${context.options.readyTimeoutMs / 1000} s: ${pending}`,
    hint: 'its journal tells why: journalctl -u kube-controller-manager, on the control plane that holds its lease',
  });
}

async function unlessRebooted<T>(context: Pass, node: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const watch = context.cluster.session(node).watchEpoch({ signal, sleep: context.options.clock.sleep });
  return untilAborted(Promise.race([work, watch]), context.signal).finally(() => over.abort());
}
