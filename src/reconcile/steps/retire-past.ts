import { PATHS } from '../../node/paths.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { shellQuote } from '../../ssh/quote.js';
import { change } from '../change.js';
import { UNITS_OF_AN_INCARNATION } from '../managed-units.js';
import { judgementOf, type Reconciliation, sessionOf, workOf } from '../reconciliation.js';

/**
 * A node that stayed up while etcd was born anew runs pods, and holds tokens and watches, of objects that no longer
 * exist. Images stay. The new incarnation is written into the marker last: what was interrupted is done again.
 */
export async function retirePast(context: Reconciliation, place: StepPlace): Promise<StepResult> {
  const { survivor, facts } = workOf(context, place.node);
  if (!survivor) return 'unchanged';
  const { clusterId, etcd } = judgementOf(context).record;
  const what = `end what runs of incarnation ${facts.marker?.incarnation}`;
  const script = `${RETIRE}printf '%s %s\\n' ${shellQuote(clusterId, String(etcd.incarnation))} >"$marker/cluster.$$"
mv -f "$marker/cluster.$$" "$marker/cluster"
`;
  await change(context, place, what, () =>
    sessionOf(context, place.node).runAsRoot(
      { command: 'bash -s', input: script },
      { label: what, timeoutMs: 120_000 },
    ),
  );
  return 'changed';
}

const RETIRE = `set -eu
marker=${PATHS.marker}
systemctl stop ${UNITS_OF_AN_INCARNATION.join(' ')} 2>/dev/null || true
systemctl start containerd.service
# What containerd had begun for the kubelet may still be finishing; a list fails when something on it goes meanwhile.
list() { ctr -n k8s.io "$1" ls -q 2>/dev/null || echo unknown; }
for _ in {1..50}; do
  tasks=$(list tasks) containers=$(list containers)
  [ -n "$tasks$containers" ] || break
  for id in $tasks; do ctr -n k8s.io tasks rm --force "$id" >/dev/null 2>&1 & done
  wait
  for id in $containers; do ctr -n k8s.io containers rm "$id" >/dev/null 2>&1 || true; done
  sleep 0.1
done
[ -z "$tasks$containers" ] || { printf 'containers of the past are still there: %s\\n' "$tasks $containers" >&2; exit 1; }
# As the kernel names it: behind any symbolic link, odd characters as \\NNN.
pods=$(readlink -m /var/lib/kubelet/pods)
pod_mounts() {
  while read -r _ _ _ _ target _; do
    case $target in "$pods"/*) printf '%s\\n' "$target" ;; esac
  done </proc/self/mountinfo
}
# The innermost first; one below another may have gone with it.
pod_mounts | sort -r | while read -r target; do umount -l "$(printf %b "$target")" || true; done
# Whatever stayed may be a volume with files of a user: they must not go with the pod that used it.
left=$(pod_mounts)
[ -z "$left" ] || { printf 'volumes of the past could not be unmounted:\\n%s\\n' "$left" >&2; exit 1; }
rm -rf --one-file-system "$pods"
rm -f /var/lib/kubelet/cpu_manager_state /var/lib/kubelet/memory_manager_state
rm -rf /var/log/pods /var/log/containers
for netns in /run/netns/cni-*; do [ ! -e "$netns" ] || ip netns delete "\${netns##*/}" || true; done
rm -rf /var/lib/cni/networks /var/lib/cni/results /var/lib/cni/cache
# Its CRI plugin remembers the sandboxes until it starts anew.
systemctl restart containerd.service
`;
