import { UNITS_OF_AN_INCARNATION } from '../../components/roster.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import type { Gave, StepPlace } from '../../runner/sequence.js';
import { bashScript } from '../../ssh/bash-script.js';
import { change } from '../change.js';
import type { AtWork } from '../context.js';

const SCRIPT = scriptText('retire-past.bash');

/** One that a node ran when it was found, and still runs. */
export interface PastPod {
  namespace: string;
  name: string;
  uid: string;
}

/**
 * A node that stayed up while etcd was born anew runs pods, and holds tokens and watches, of objects that no longer
 * exist; or, where its past was restored, that may not.
 *
 * @returns the pods that are left to the kubelet
 */
export async function retirePast(context: AtWork, place: StepPlace): Promise<Gave<readonly PastPod[]>> {
  const { survivor, facts } = context.work;
  if (!survivor) return { outcome: 'unchanged', gives: [] };
  const { clusterId, etcd } = context.judgement.record;
  const was = facts.marker?.incarnation;
  const isRestored = etcd.origin !== undefined;
  const what = isRestored
    ? `stop what watches objects of incarnation ${was}; its pods stay as far as the restored past knows them`
    : `end what runs of incarnation ${was}`;
  const args = [PATHS.marker, clusterId, String(etcd.incarnation), isRestored ? 'keep' : 'end'];
  args.push(...UNITS_OF_AN_INCARNATION);
  const { stdout } = await change(context, place, what, () =>
    context.cluster.session(place.node).runAsRoot(bashScript(SCRIPT, ...args), { label: what, timeoutMs: 120_000 }),
  );
  return { outcome: 'changed', gives: stdout.split('\n').flatMap(podOf) };
}

function podOf(line: string): PastPod[] {
  const [, namespace, name, uid] = /^pod ([^_]+)_([^_]+)_([^_]+)$/.exec(line) ?? [];
  return namespace && name && uid ? [{ namespace, name, uid }] : [];
}
