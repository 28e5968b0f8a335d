import type { Lab } from '../../../lab/nodes/lab.js';

/**
 * Everything on a node that a change by us would touch: files below the directories we write to, with their times, and
 * the units and network links there are (those of pods come and go by themselves). Two equal snapshots prove that nothing
 * was done in between. The kubelet writes into its directory whenever it likes. A node that answers may still be starting what it starts at boot.
 */
const SCRIPT = `
while [ -n "$(systemctl list-jobs --no-legend 2>/dev/null)" ]; do sleep 0.1; done
find /etc/kubernetes /etc/systemd/system /etc/cni /etc/containerd /opt /var/lib/etcd /var/lib/kubelet /run/k8s-diskless \
  -xdev -not -path '*/pods/*' -not -path '/var/lib/etcd/member*' -not -path '/var/lib/kubelet*' -printf '%p %y %s %T@ %m\\n' 2>/dev/null | sort
stat -c '%n %a %U' /var/lib/kubelet 2>/dev/null
ip -o link | cut -d: -f2 | grep -Ev '^ (veth|cni0)' | sort
systemctl list-units --plain --no-legend --state=active 'etcd*' 'kube*' 'k8s-diskless*' containerd.service | cut -d' ' -f1
systemctl show -p ActiveEnterTimestampMonotonic containerd.service
`;

export async function nodeSnapshot(lab: Lab, node: string): Promise<string> {
  const { stdout } = await lab.exec(node, ['bash', '-c', SCRIPT]);
  return stdout;
}

/** Process IDs of our services: a restart, however quick, shows. */
export async function mainPids(lab: Lab, node: string): Promise<Record<string, string>> {
  const units = [
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kubelet',
    'kube-proxy',
    'containerd',
  ];
  const { stdout } = await lab.exec(node, [
    'systemctl',
    'show',
    '-p',
    'Id,MainPID',
    ...units.map((unit) => `${unit}.service`),
  ]);
  const blocks = stdout.trim().split(/\n\s*\n/);
  return Object.fromEntries(
    blocks.map((block) => {
      const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
      return [value('Id'), value('MainPID')];
    }),
  );
}
