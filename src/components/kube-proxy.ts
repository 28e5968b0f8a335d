import { stringify } from 'yaml';
import { PATHS } from '../node/paths.js';
import { OWN_PORTS } from '../node/ports.js';
import { artifactFile } from './artifact-file.js';
import type { Component, ComponentContext } from './context.js';
import { commandLine } from './flags.js';
import { CLIENTS, PKI, pathsIn } from './pki-paths.js';
import { HTTP2_TIMEOUTS, KEEP_RUNNING, serviceUnit, textFile, unitPath } from './systemd.js';

const UNIT = 'kube-proxy.service';
const BINARY = `${PATHS.bin}/kube-proxy`;
const CONFIG = `${PATHS.kubernetes}/kube-proxy.yaml`;
const CLIENT = CLIENTS.kubeProxy;

export const kubeProxy: Component = (context) => ({
  component: 'kube-proxy',
  files: [
    artifactFile(context, 'kube-proxy'),
    textFile(CONFIG, stringify(config(context))),
    serviceUnit({
      name: UNIT,
      description: 'Kubernetes network proxy',
      after: ['k8s-diskless-node.service'],
      start: commandLine({ binary: BINARY, flags: { config: CONFIG } }),
      service: { Type: 'exec', Environment: HTTP2_TIMEOUTS, ...KEEP_RUNNING },
    }),
  ],
  units: [{ name: UNIT, inputs: [unitPath(UNIT), BINARY, CONFIG, ...pathsIn(CLIENT), PKI.ca], disruption: 'none' }],
});

/** KubeProxyConfiguration kubeproxy.config.k8s.io/v1alpha1, the same kind on all versions. */
function config(context: ComponentContext): Record<string, unknown> {
  const { spec, node, nodeIp, traits } = context;
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    // The node IP, whatever its Node object says; nothing binds to it.
    bindAddress: nodeIp,
    hostnameOverride: node.name,
    clientConnection: { kubeconfig: CLIENT.kubeconfig, qps: 50, burst: 100 },
    mode: spec.kubeProxy.mode,
    // Not NodeCIDR, which waits for spec.podCIDR.
    clusterCIDR: spec.network.podCidr,
    detectLocalMode: 'ClusterCIDR',
    ...(!traits.canSetConntrack && { conntrack: LEAVE_CONNTRACK_ALONE }),
    metricsBindAddress: `127.0.0.1:${OWN_PORTS.kubeProxyMetrics.port}`,
    healthzBindAddress: `0.0.0.0:${OWN_PORTS.kubeProxyHealth.port}`,
  };
}

/** Zero means leave the sysctl as it is; a timeout that cannot be written is fatal. */
const LEAVE_CONNTRACK_ALONE = {
  maxPerCore: 0,
  min: 0,
  tcpEstablishedTimeout: '0s',
  tcpCloseWaitTimeout: '0s',
};
