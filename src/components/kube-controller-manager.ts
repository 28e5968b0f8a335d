import { PATHS } from '../node/paths.js';
import { artifactFile } from './artifact-file.js';
import type { Component, ComponentContext } from './context.js';
import { commandLine, type Flags } from './flags.js';
import { VOLUME_PLUGINS } from './kubelet-config.js';
import { leaderElection } from './leader-election.js';
import { CLIENTS, PKI, pathsIn } from './pki-paths.js';
import { HTTP2_TIMEOUTS, KEEP_RUNNING, serviceUnit, unitPath } from './systemd.js';

const UNIT = 'kube-controller-manager.service';
const BINARY = `${PATHS.bin}/kube-controller-manager`;
const CLIENT = CLIENTS.kubeControllerManager;

export const kubeControllerManager: Component = (context) => {
  const { ca, caKey, frontProxyCa, serviceAccountKey } = PKI;
  return {
    component: 'kube-controller-manager',
    files: [
      artifactFile(context, 'kube-controller-manager'),
      serviceUnit({
        name: UNIT,
        description: 'Kubernetes controller manager',
        after: ['kube-apiserver.service'],
        start: commandLine({
          binary: BINARY,
          flags: flags(context),
          extraArgs: context.spec.controllerManager.extraArgs,
        }),
        service: { Type: 'exec', Environment: HTTP2_TIMEOUTS, ...KEEP_RUNNING },
      }),
    ],
    units: [
      {
        name: UNIT,
        inputs: [unitPath(UNIT), BINARY, ...pathsIn(CLIENT), ca, caKey, frontProxyCa, serviceAccountKey],
        disruption: 'none',
      },
    ],
  };
};

function flags(context: ComponentContext): Flags {
  return {
    kubeconfig: CLIENT.kubeconfig,
    'authentication-kubeconfig': CLIENT.kubeconfig,
    'authorization-kubeconfig': CLIENT.kubeconfig,
    'bind-address': '127.0.0.1',
    'client-ca-file': PKI.ca,
    'requestheader-client-ca-file': PKI.frontProxyCa,
    'cluster-name': context.spec.name,
    controllers: '*',
    // The operator writes podCIDR into the Node objects.
    'allocate-node-cidrs': false,
    'root-ca-file': PKI.ca,
    'service-account-private-key-file': PKI.serviceAccountKey,
    'cluster-signing-cert-file': PKI.ca,
    'cluster-signing-key-file': PKI.caKey,
    'use-service-account-credentials': true,
    'flex-volume-plugin-dir': VOLUME_PLUGINS,
    // A node is lost after 16 s without a sign: five of the kubelet's lease renewals (nodeLeaseDurationSeconds 12), and
    // more than the 8 s a kubelet needs to notice that its apiserver is gone.
    'node-monitor-period': '2s',
    'node-monitor-grace-period': '16s',
    'kube-api-qps': 100,
    'kube-api-burst': 200,
    profiling: false,
    ...leaderElection(context),
  };
}
