import { ownError } from '../../errors.js';
import type { KubePod } from '../../kube/objects.js';
import { resourcePath, withQuery } from '../../kube/paths.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import type { Run } from '../context.js';
import { settling } from '../settling.js';
import { warningOf } from '../warning-of.js';
import type { PastPod } from './retire-past.js';

const PODS = resourcePath({ apiVersion: 'v1', resource: 'pods' });

/**
 * Where the past was restored, pods that it does not know are ended by the kubelet: whoever made them after the snapshot is
 * told which they were.
 */
export async function nameEndedPods(
  context: Run & { readonly past: readonly PastPod[] },
  { node, signal }: StepPlace,
): Promise<Outcome> {
  const { past, bus, cluster } = context;
  if (past.length === 0) return 'unchanged';
  try {
    const path = withQuery(PODS, { fieldSelector: `spec.nodeName=${node}` });
    const { items } = await settling(context, async () => (await cluster.kube()).list<KubePod>(path, { signal }));
    const known = new Set(items.map(({ metadata }) => metadata.uid));
    const ended = past.filter(({ uid }) => !known.has(uid)).map(({ namespace, name }) => `${namespace}/${name}`);
    if (ended.length === 0) return 'unchanged';
    const message = `the restored past does not know these pods, and they end: ${ended.join(', ')}`;
    bus.emit({ type: 'note', level: 'warning', code: 'pods-ended', node, message });
  } catch (thrown) {
    signal.throwIfAborted();
    // They end all the same.
    bus.emit(warningOf(node, ownError(thrown)));
  }
  return 'unchanged';
}
