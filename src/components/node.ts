import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import type { Component, ComponentContext } from './context.js';
import { nodeScript } from './node-script.js';
import { podConflist, podMtu } from './pod-network.js';
import { kernelModules, sysctls, unmanagedLinks, volatileJournal } from './system-config.js';
import { KEEP_RUNNING, serviceUnit, textFile } from './systemd.js';

export const NODE_UNIT = 'k8s-diskless-node.service';
const CONFIG = `${PATHS.kubernetes}/node.conf`;

/** Kernel settings and the pod network: what everything else on the node stands on. */
export const node: Component = (context) => {
  const script = nodeScript('k8s-diskless-node');
  const unit = unitFile(script.path);
  const settings = [textFile(CONFIG, lines(nodeConfig(context))), kernelModules(context.spec), sysctls()];
  const system = [...unmanagedLinks(), volatileJournal()];
  return {
    component: 'node',
    files: [...settings, ...system, ...podConflist(context), script, unit],
    units: [
      { name: NODE_UNIT, inputs: [unit, script, ...settings, ...system].map(({ path }) => path), disruption: 'none' },
    ],
  };
};

function unitFile(script: string): DesiredFile {
  return serviceUnit({
    name: NODE_UNIT,
    description: 'Kernel settings and pod network of this Kubernetes node',
    // All is in place when the unit counts as started.
    startPre: [[script, 'apply']],
    start: [script, 'watch'],
    service: {
      Type: 'exec',
      RuntimeDirectory: 'k8s-diskless-node',
      RuntimeDirectoryPreserve: 'yes',
      ...KEEP_RUNNING,
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

function lines(values: readonly string[]): string {
  return `${values.join('\n')}\n`;
}
