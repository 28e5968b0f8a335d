import { cidrSize } from '../config/cidr.js';
import { PATHS } from '../node/paths.js';
import type { ComponentContext } from './context.js';
import { roleTaints } from './node-role.js';
import { PKI } from './pki-paths.js';

/** /usr is read-only on CoreOS: the default would be /usr/libexec/kubernetes/kubelet-plugins/volume/exec/. */
export const VOLUME_PLUGINS = `${PATHS.kubeletRoot}/volumeplugins`;
const CONTAINERD_ENDPOINT = 'unix:///run/containerd/containerd.sock';

const MIB = 1024 * 1024;
/** kubelet's own default; every pod has an address, so a small pod CIDR lowers it. */
const MAX_PODS = 110;
/** Network, bridge and broadcast address of a node's pod CIDR. */
const ADDRESSES_NOT_FOR_PODS = 3;

/** KubeletConfiguration kubelet.config.k8s.io/v1beta1 of one node, without the user's extraConfig. */
export function kubeletConfig(context: ComponentContext): Record<string, unknown> {
  const { spec, node, traits } = context;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: PKI.ca },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: PKI.kubelet.cert,
    tlsPrivateKeyFile: PKI.kubelet.key,
    rotateCertificates: false,
    clusterDomain: spec.network.clusterDomain,
    clusterDNS: [spec.network.dnsAddress],
    resolvConf: traits.resolvConf ?? OWN_RESOLV_CONF,
    cgroupDriver: traits.cgroupDriver,
    failSwapOn: !traits.swap,
    maxPods: Math.min(MAX_PODS, cidrSize(node.podCidr) - ADDRESSES_NOT_FOR_PODS),
    volumePluginDir: VOLUME_PLUGINS,
    ...requests(),
    ...statusReports(),
    ...memoryAsDisk(context),
    ...versionFields(context),
  };
}

/** glibc reads no more, and the kubelet refuses to pass more on. */
export const MAX_NAMESERVERS = 3;
/** Where more nameservers, a local stub, or no file at all make what the node has unfit for pods. */
export const OWN_RESOLV_CONF = `${PATHS.kubernetes}/resolv.conf`;

/** The rates are Kubernetes' own defaults, stated; images are pulled side by side, as fast as the registry gives them. */
function requests(): Record<string, unknown> {
  return {
    kubeAPIQPS: 50,
    kubeAPIBurst: 100,
    eventRecordQPS: 50,
    eventBurst: 100,
    registryPullQPS: 0,
    serializeImagePulls: false,
  };
}

/** Reporting an unchanged status stays rare. Both must be set: the second defaults to the first. */
function statusReports(): Record<string, unknown> {
  return {
    nodeStatusUpdateFrequency: '10s',
    nodeStatusReportFrequency: '5m',
    // Renewed every 3 s; kube-controller-manager gives up after --node-monitor-grace-period.
    nodeLeaseDurationSeconds: 12,
  };
}

/**
 * Images, logs and etcd lie in the same RAM that pods use. All five thresholds are named: naming some switches the
 * others off.
 */
function memoryAsDisk(context: ComponentContext): Record<string, unknown> {
  return {
    evictionHard: {
      'memory.available': `${evictionMiB(context)}Mi`,
      'nodefs.available': '10%',
      'nodefs.inodesFree': '3%',
      'imagefs.available': '10%',
      'imagefs.inodesFree': '3%',
    },
    evictionPressureTransitionPeriod: '30s',
    imageGCHighThresholdPercent: 80,
    imageGCLowThresholdPercent: 70,
    containerLogMaxSize: '5Mi',
    containerLogMaxFiles: 2,
    systemReserved: { memory: `${systemReservedMiB(context)}Mi` },
  };
}

/** 5 % of memory, between kubelet's default and what is enough on large machines. */
function evictionMiB({ traits }: ComponentContext): number {
  return Math.min(500, Math.max(100, Math.floor((traits.memTotalBytes * 0.05) / MIB)));
}

/** What is not the pods': the system, the binaries in the RAM disk, the control plane; never most of a small node. */
function systemReservedMiB({ traits, node, artifacts }: ComponentContext): number {
  const binaries = [...artifacts.values()].reduce((sum, { size }) => sum + size, 0) / MIB;
  const wanted = 256 + binaries + (node.role === 'control-plane' ? 768 : 0);
  return Math.floor(Math.min(wanted, (traits.memTotalBytes * 0.4) / MIB));
}

function versionFields(context: ComponentContext): Record<string, unknown> {
  const { version, traits } = context;
  const { switches } = version;
  const taints = roleTaints(context);
  return {
    containerRuntimeEndpoint: CONTAINERD_ENDPOINT,
    ...(taints.length > 0 && { registerWithTaints: taints }),
    // True by default from 1.35 on: no start on cgroup v1.
    ...(traits.cgroupVersion === 1 && { failCgroupV1: false }),
    // So that a threshold in extraConfig does not switch the others off.
    ...(switches.mergeDefaultEvictionSettings && { mergeDefaultEvictionSettings: true }),
    maxParallelImagePulls: 4,
    // After an outage pods are back within a minute instead of five.
    ...(switches.crashLoopBackOff && { crashLoopBackOff: { maxContainerRestartPeriod: '60s' } }),
  };
}
