import { PATHS } from '../node/paths.js';

const { pki, kubernetes } = PATHS;

const pair = (name: string) => ({ cert: `${pki}/${name}.crt`, key: `${pki}/${name}.key` }) as const;

/** Where the profiles of pki/ put what the components read; a test holds the two together. */
export const PKI = {
  ca: `${pki}/ca.crt`,
  caKey: `${pki}/ca.key`,
  /** CAs whose client certificates kube-apiserver accepts: the Kubernetes CA, and the users' CA beside it. */
  clientCa: `${pki}/client-ca.crt`,
  serviceAccountKey: `${pki}/sa.key`,
  serviceAccountPublicKey: `${pki}/sa.pub`,
  encryptionConfig: `${pki}/encryption-config.yaml`,
  frontProxyCa: `${pki}/front-proxy-ca.crt`,
  frontProxyClient: pair('front-proxy-client'),
  etcdCa: `${pki}/etcd/ca.crt`,
  etcdServer: pair('etcd/server'),
  etcdPeer: pair('etcd/peer'),
  apiServer: pair('apiserver'),
  apiServerKubeletClient: pair('apiserver-kubelet-client'),
  apiServerEtcdClient: pair('apiserver-etcd-client'),
  kubelet: pair('kubelet'),
} as const;

/** Clients of the API: their kubeconfig, and the certificate and key it names. */
export const CLIENTS = {
  kubeControllerManager: client('kube-controller-manager'),
  kubeScheduler: client('kube-scheduler'),
  kubelet: { kubeconfig: `${kubernetes}/kubelet.kubeconfig`, ...pair('kubelet-client') },
  kubeProxy: client('kube-proxy'),
} as const;

function client(name: string): { kubeconfig: string; cert: string; key: string } {
  return { kubeconfig: `${kubernetes}/${name}.kubeconfig`, ...pair(name) };
}

/** Every path in a (nested) group of paths, as a unit's `inputs` wants them. */
export function pathsIn(group: object): string[] {
  return Object.values(group).flatMap((value) => (typeof value === 'string' ? [value] : pathsIn(value)));
}
