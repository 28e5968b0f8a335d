import { stringify } from 'yaml';
import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import { artifactFile } from './artifact-file.js';
import type { Component, ComponentContext } from './context.js';
import { commandLine, type Flags } from './flags.js';
import { kubeletConfig, MAX_NAMESERVERS, OWN_RESOLV_CONF } from './kubelet-config.js';
import { mergeConfig } from './merge-config.js';
import { kubeletMaySetLabel } from './node-role.js';
import { CLIENTS, PKI, pathsIn } from './pki-paths.js';
import { HTTP2_TIMEOUTS, KEEP_RUNNING, START_TIMEOUT, serviceUnit, textFile } from './systemd.js';

const UNIT = 'kubelet.service';
const BINARY = `${PATHS.bin}/kubelet`;
const CONFIG = `${PATHS.kubernetes}/kubelet.yaml`;

export const kubelet: Component = (context) => {
  const config = mergeConfig(kubeletConfig(context), context.spec.kubelet.extraConfig);
  const resolvConf = ownResolvConf(context);
  const rendered = [textFile(CONFIG, stringify(config)), ...resolvConf, unitFile(context)];
  return {
    component: 'kubelet',
    files: [artifactFile(context, 'kubelet'), ...rendered],
    units: [
      {
        name: UNIT,
        inputs: [
          BINARY,
          ...rendered.map(({ path }) => path),
          PKI.ca,
          ...pathsIn(PKI.kubelet),
          ...pathsIn(CLIENTS.kubelet),
        ],
        disruption: 'none',
      },
    ],
  };
};

function unitFile(context: ComponentContext): DesiredFile {
  return serviceUnit({
    name: UNIT,
    description: 'Kubernetes kubelet',
    after: ['k8s-diskless-node.service', 'containerd.service'],
    start: commandLine({ binary: BINARY, flags: flags(context) }),
    service: {
      Type: 'notify',
      ...START_TIMEOUT,
      Environment: HTTP2_TIMEOUTS,
      ...KEEP_RUNNING,
      // Mount helpers and the like that run for a pod outlive a restart.
      KillMode: 'process',
      ...(context.traits.canLowerOomScore && { OOMScoreAdjust: '-999' }),
    },
  });
}

function flags(context: ComponentContext): Flags {
  const { spec, version, node, nodeIp } = context;
  const { switches } = version;
  const labels = Object.entries(node.labels).filter(([key]) => kubeletMaySetLabel(key));
  return {
    config: CONFIG,
    kubeconfig: CLIENTS.kubelet.kubeconfig,
    'hostname-override': node.name,
    'node-ip': nodeIp,
    'node-labels': labels.length > 0 ? labels.map(([key, value]) => `${key}=${value}`) : undefined,
    'pod-infra-container-image': switches.podInfraContainerImageFlag ? spec.sandboxImage : undefined,
  };
}

function ownResolvConf({ traits }: ComponentContext): DesiredFile[] {
  if (traits.resolvConf !== undefined) return [];
  const lines = traits.nameservers.slice(0, MAX_NAMESERVERS).map((address) => `nameserver ${address}\n`);
  // Also without any: a kubelet that finds no file starts no pod.
  return [textFile(OWN_RESOLV_CONF, lines.join(''))];
}
