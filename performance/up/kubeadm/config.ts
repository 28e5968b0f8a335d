import { stringify } from 'yaml';

const API = 'kubeadm.k8s.io/v1beta4';
/** Any token of the right form will do on machines that nobody else reaches. */
const TOKEN = 'abcdef.0123456789abcdef';
export const POD_NETWORK = '10.244.0.0/16';

export interface KubeadmConfigOptions {
  /** Without a `v`. */
  kubernetes: string;
  etcd: string;
  /** Node IP of the control plane. */
  controlPlane: string;
  nodeIp: string;
}

/** For the one control plane: what these nodes need, all else by default. */
export function initConfig({ kubernetes, etcd, controlPlane, nodeIp }: KubeadmConfigOptions): string {
  return documents(
    {
      apiVersion: API,
      kind: 'InitConfiguration',
      bootstrapTokens: [{ token: TOKEN }],
      localAPIEndpoint: { advertiseAddress: controlPlane },
      nodeRegistration: registration(nodeIp),
    },
    {
      apiVersion: API,
      kind: 'ClusterConfiguration',
      kubernetesVersion: `v${kubernetes}`,
      etcd: { local: { imageTag: `v${etcd}` } },
      networking: { podSubnet: POD_NETWORK },
    },
    {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      cgroupDriver: 'cgroupfs',
      failCgroupV1: false,
      failSwapOn: false,
    },
  );
}

export function joinConfig({ controlPlane, nodeIp }: KubeadmConfigOptions): string {
  return documents({
    apiVersion: API,
    kind: 'JoinConfiguration',
    discovery: {
      bootstrapToken: { token: TOKEN, apiServerEndpoint: `${controlPlane}:6443`, unsafeSkipCAVerification: true },
    },
    nodeRegistration: registration(nodeIp),
  });
}

function registration(nodeIp: string): object {
  return { kubeletExtraArgs: [{ name: 'node-ip', value: nodeIp }], imagePullPolicy: 'Never' };
}

function documents(...objects: object[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}
