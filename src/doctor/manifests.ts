import type { Pod, Service } from '../bench/measure/manifests.js';
import type { KubeObject } from '../kube/objects.js';

/** Everything that `doctor` makes in it is gone with it. */
export const NAMESPACE = 'k8s-diskless-doctor';
/** What is made outside of it bears this label: a run that follows one that was killed finds it by that. */
export const LABEL = 'k8s-diskless/doctor';
/** On which pods listen. */
export const PORT = 20571;

/** Policies of the cluster must not keep out what is to show whether it works. */
export const NAMESPACE_LABELS = { [LABEL]: 'site', 'pod-security.kubernetes.io/enforce': 'privileged' };

export interface DoctorPod {
  name: string;
  node: string;
  /** The sandbox image: whatever else is missing, that one is on the node. */
  image: string;
}

/** A pod that does nothing: its node sends traffic from within its network. */
export function doctorPod({ name, node, image }: DoctorPod): Pod {
  const small = { cpu: '10m', memory: '16Mi' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { [LABEL]: name } },
    spec: {
      nodeName: node,
      tolerations: [{ operator: 'Exists' }],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        // A quota may demand both.
        { name: 'pause', image, imagePullPolicy: 'Never', resources: { requests: small, limits: small } },
      ],
    },
  };
}

/** In front of that one pod, also at a port of every node. */
export function doctorService(pod: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: pod, namespace: NAMESPACE },
    spec: {
      type: 'NodePort',
      selector: { [LABEL]: pod },
      ports: [{ name: 'tcp', protocol: 'TCP', port: PORT }],
    },
  };
}

/** Asked only for leases in our namespace, of which nobody else makes any there. */
export function doctorWebhook(service: string): KubeObject & { webhooks: object[] } {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: NAMESPACE, labels: { [LABEL]: 'webhook' } },
    webhooks: [
      {
        name: `${NAMESPACE}.k8s-diskless.local`,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Fail',
        timeoutSeconds: 5,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
        rules: [
          { apiGroups: ['coordination.k8s.io'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['leases'] },
        ],
        clientConfig: { service: { namespace: NAMESPACE, name: service, port: PORT } },
      },
    ],
  };
}

export function doctorLease(name: string): KubeObject {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: NAMESPACE } };
}
