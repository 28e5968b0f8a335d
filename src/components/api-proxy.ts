import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import type { Component, ComponentContext } from './context.js';
import { nodeScript } from './node-script.js';
import { PKI } from './pki-paths.js';
import { KEEP_RUNNING, serviceUnit, textFile } from './systemd.js';

const UNIT = 'k8s-diskless-api.service';
const CONFIG = `${PATHS.kubernetes}/api-proxy.conf`;

/** Points network.apiAddress at a living kube-apiserver: the one address all components of a node use. */
export const apiProxy: Component = (context) => {
  const script = nodeScript('k8s-diskless-api');
  const config = textFile(CONFIG, `${apiProxyConfig(context).join('\n')}\n`);
  const unit = unitFile(script.path);
  return {
    component: 'api-proxy',
    files: [config, script, unit],
    units: [{ name: UNIT, inputs: [unit.path, script.path, config.path, PKI.ca], disruption: 'none' }],
  };
};

function unitFile(script: string): DesiredFile {
  return serviceUnit({
    name: UNIT,
    description: 'Way to a living Kubernetes API server',
    after: ['k8s-diskless-node.service'],
    // The rules are there when the unit counts as started, and they outlive it.
    startPre: [[script, 'install']],
    start: [script, 'watch'],
    service: { Type: 'exec', RuntimeDirectory: 'k8s-diskless-api', RuntimeDirectoryPreserve: 'yes', ...KEEP_RUNNING },
  });
}

/** What manifests/node/k8s-diskless-api.bash reads; its header tells the keys. */
function apiProxyConfig(context: ComponentContext): string[] {
  const { spec, nodeIp, traits } = context;
  return [
    `backend ${traits.hasNft ? 'nft' : 'iptables'}`,
    `address ${spec.network.apiAddress}`,
    `port ${spec.apiServer.port}`,
    `node-ip ${nodeIp}`,
    `ca ${PKI.ca}`,
    ...preference(context).map((address) => `control-plane ${address}`),
  ];
}

/** The local control plane first; workers start at different ones, so that they spread without talking to each other. */
function preference({ spec, peers, node, nodeIp }: ComponentContext): string[] {
  const addresses = peers.filter(({ controlPlane }) => controlPlane).map((peer) => peer.nodeIp);
  const local = addresses.indexOf(nodeIp);
  const start = local >= 0 ? local : spec.nodes.findIndex(({ name }) => name === node.name) % addresses.length;
  return [...addresses.slice(start), ...addresses.slice(0, start)];
}
