import type { DesiredFile } from '../plan/desired.js';
import type { Component, ComponentContext } from './context.js';
import { nodeScript } from './node-script.js';
import { PATHS } from './paths.js';
import { podConflist, podMtu } from './pod-network.js';
import { unmanagedLinks, volatileJournal } from './system-config.js';
import { serviceUnit, textFile } from './systemd.js';

const UNIT = 'k8s-diskless-node.service';
const CONFIG = `${PATHS.kubernetes}/node.conf`;

/** Kernel settings and the pod network: what everything else on the node stands on. */
export const node: Component = (context) => {
  const script = nodeScript('k8s-diskless-node');
  const unit = unitFile(script.path);
  const settings = [textFile(CONFIG, lines(nodeConfig(context))), kernelModules(context), sysctls()];
  const system = [...unmanagedLinks(), volatileJournal()];
  return {
    component: 'node',
    files: [...settings, ...system, ...podConflist(context), script, unit],
    units: [{ name: UNIT, inputs: [unit, script, ...settings, ...system].map(({ path }) => path), disruption: 'none' }],
  };
};

function unitFile(script: string): DesiredFile {
  return serviceUnit({
    name: UNIT,
    description: 'Kernel settings and pod network of this Kubernetes node',
    start: [script],
    service: {
      Type: 'oneshot',
      RemainAfterExit: 'yes',
      ExecReload: script,
      // Its configuration is read at start only. Loggers keep their connection: systemd holds it meanwhile.
      ExecStartPost: '-/usr/bin/systemctl --no-block try-restart systemd-journald.service',
    },
  });
}

/** What manifests/node/k8s-diskless-node.bash reads; its header tells the keys. */
function nodeConfig(context: ComponentContext): string[] {
  const { spec, node, nodeIp, traits, peers } = context;
  const { network } = spec;
  const others = peers.filter(({ name }) => name !== node.name);
  return [
    `mode ${network.mode}`,
    `backend ${traits.hasNft ? 'nft' : 'iptables'}`,
    `node-ip ${nodeIp}`,
    `link ${traits.linkName}`,
    `pod-cidr ${node.podCidr}`,
    `cluster-cidr ${network.podCidr}`,
    `service-cidr ${network.serviceCidr}`,
    `api-address ${network.apiAddress}`,
    `mtu ${podMtu(context)}`,
    ...others.map((peer) => `peer ${peer.name} ${peer.nodeIp} ${peer.podCidr}`),
  ];
}

function kernelModules({ spec }: ComponentContext): DesiredFile {
  const modules = [
    ...['overlay', 'br_netfilter', 'nf_conntrack'],
    ...(spec.network.mode === 'vxlan' ? ['vxlan'] : []),
    ...(spec.kubeProxy.mode === 'ipvs' ? ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh'] : []),
  ];
  return textFile('/etc/modules-load.d/k8s-diskless.conf', lines(modules));
}

function sysctls(): DesiredFile {
  const values = [
    'net.ipv4.ip_forward=1',
    // Answers of a pod to another on the same bridge must pass the translation of the service they were asked by.
    'net.bridge.bridge-nf-call-iptables=1',
    // Each kubelet, containerd and many a pod watch files.
    'fs.inotify.max_user_instances=8192',
    'fs.inotify.max_user_watches=524288',
  ];
  return textFile('/etc/sysctl.d/90-k8s-diskless.conf', lines(values));
}

function lines(values: readonly string[]): string {
  return `${values.join('\n')}\n`;
}
