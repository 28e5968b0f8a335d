import type { KubeObject } from '../../kube/objects.js';
import { IPERF3 } from './tool-image.js';

/** Everything a run makes lives here, and is gone with it. */
export const NAMESPACE = 'k8s-diskless-bench';
/** Server of throughput cells. */
export const PORT = 20561;
/** Only ever connected to, and open only meanwhile: how long that takes is the round trip. */
export const CONNECT_PORT = 20562;
/** Label that tells pods that are timed from those that carry traffic. */
export const KIND = 'k8s-diskless/bench';

/** Quotas demand requests and limits; one on processor time could throttle what is measured, so only when it must. */
const resources = (cpuLimit: string | undefined) => ({
  requests: { cpu: '5m', memory: '16Mi' },
  limits: { memory: '128Mi', ...(cpuLimit !== undefined && { cpu: cpuLimit }) },
});
/** The pause container uses next to nothing. */
const TIMED_CPU_LIMIT = '100m';
/** Control planes are measured too. */
const TOLERATIONS = [{ operator: 'Exists' }];

export interface Pod extends KubeObject {
  spec: { nodeName?: string; [key: string]: unknown };
  status?: {
    phase?: string;
    podIP?: string;
    message?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: {
      name: string;
      containerID?: string;
      state?: { running?: object; waiting?: { reason?: string; message?: string }; terminated?: { reason?: string } };
      lastState?: { terminated?: { reason?: string } };
    }[];
  };
}

export interface TimedPod {
  name: string;
  image: string;
  /** Only this node may take it; the scheduler still has to say so. */
  node?: string;
  /** Only where every node keeps ordinary pods off. */
  tolerate: boolean;
  /** A quota demands it. */
  limitsCpu: boolean;
}

/** A pod that does nothing: what is timed is Kubernetes. */
export function timedPod({ name, image, node, tolerate, limitsCpu }: TimedPod): Pod {
  const limit = limitsCpu ? TIMED_CPU_LIMIT : undefined;
  const containers = [{ name: 'pause', image, imagePullPolicy: 'Never', resources: resources(limit) }];
  const selector = node !== undefined && { nodeSelector: { 'kubernetes.io/hostname': node } };
  return pod(name, 'timed', { containers, tolerations: tolerate ? TOLERATIONS : [], ...selector });
}

export interface ToolPod {
  name: string;
  image: string;
  node: string;
  hostNetwork: boolean;
  /** Where a quota demands one: all the processors of the node, e.g. `8`. */
  cpuLimit: string | undefined;
}

export function toolPod({ name, image, node, hostNetwork, cpuLimit }: ToolPod): Pod {
  const container = {
    name: 'iperf3',
    image,
    imagePullPolicy: 'Never',
    // What a client left behind by a failed test must not keep the next one out.
    command: [IPERF3, '--server', '--port', String(PORT), '--rcv-timeout', '5000', '--forceflush'],
    resources: resources(cpuLimit),
    // iperf3 keeps the buffers of its streams in files there.
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
  return pod(name, 'tool', {
    hostNetwork,
    nodeName: node,
    tolerations: TOLERATIONS,
    containers: [container],
    volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory' } }],
  });
}

function pod(name: string, kind: string, spec: object): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { [KIND]: kind, 'k8s-diskless/name': name } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      ...spec,
    },
  };
}

export interface Service extends KubeObject {
  spec: {
    type?: 'NodePort';
    selector?: Record<string, string>;
    clusterIP?: string;
    ports: { name: string; protocol: string; port: number; nodePort?: number }[];
  };
}

/** In front of one tool pod. iperf3 needs one number for TCP and UDP: see `udpPort`. */
export function toolService(target: string): Service {
  const port = (number: number) => ({ name: `tcp-${number}`, protocol: 'TCP', port: number, targetPort: number });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: target, namespace: NAMESPACE },
    spec: {
      type: 'NodePort',
      selector: { 'k8s-diskless/name': target },
      ports: [port(PORT), port(CONNECT_PORT)],
    },
  };
}

/** UDP under the node port that TCP was given: the API server allocates one for each protocol otherwise. */
export function udpPort(service: Service): object {
  const nodePort = service.spec.ports.find(({ port }) => port === PORT)?.nodePort;
  return { name: `udp-${PORT}`, protocol: 'UDP', port: PORT, targetPort: PORT, nodePort };
}
