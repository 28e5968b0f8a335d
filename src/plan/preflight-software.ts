import { newestFirst } from '../config/release-version.js';
import type { ProxyMode } from '../config/spec.js';
import { type Check, error, type NodeFinding, type PreflightInput, warning } from './finding.js';

const TOOLS = ['tar', 'gzip', 'sha256sum', 'ip', 'curl', 'systemctl'];
/** kube-proxy ends at once without these or without its kernel module. Our own rules are content with nft or iptables. */
const PROXY_TOOLS: Record<ProxyMode, readonly string[]> = {
  iptables: ['iptables'],
  nftables: ['nft'],
  ipvs: ['iptables', 'ipset'],
};

export const checkTools: Check = (input) => {
  const missing = TOOLS.filter((tool) => !input.facts.tools[tool]);
  return [
    ...(missing.length > 0 ? error('tools-missing', `these tools are missing: ${missing.join(', ')}`) : []),
    ...checkProxyTools(input),
  ];
};

function checkProxyTools(input: PreflightInput): NodeFinding[] {
  const { facts, spec, row } = input;
  const { mode } = spec.kubeProxy;
  const missing = PROXY_TOOLS[mode].filter((tool) => !facts.tools[tool]);
  if (missing.length === 0) return [];
  const modes: ProxyMode[] = row.switches.nftablesProxy === 'absent' ? ['iptables'] : ['iptables', 'nftables'];
  const others = modes.filter((other) => PROXY_TOOLS[other].every((tool) => facts.tools[tool]));
  const hint = others.length > 0 ? `set kubeProxy.mode to ${others.join(' or ')} in the config file` : undefined;
  return error('tools-missing', `kube-proxy in mode ${mode} needs ${missing.join(' and ')}, which is missing`, hint);
}

export const checkFeatures: Check = ({ facts, spec }) => {
  const wanted = [
    'overlay',
    'nf_conntrack',
    'br_netfilter',
    ...(spec.network.mode === 'vxlan' ? ['vxlan'] : []),
    ...(spec.kubeProxy.mode === 'ipvs' ? ['ip_vs'] : []),
  ];
  const missing = wanted.filter((feature) => !facts.features[feature]);
  return missing.length === 0
    ? []
    : error('kernel-features', `the kernel lacks ${missing.join(', ')}`, 'they are neither built in nor loadable');
};

export const checkContainerd: Check = ({ facts, row, spec }) => {
  const { present, version } = facts.containerd;
  if (!present) return error('containerd-missing', 'containerd is not installed');
  // A version that could not be read is no version that is wrong.
  if (version === '') return [];
  const { min, below } = row.switches.containerd;
  const needs = `Kubernetes ${spec.kubernetes} needs ${min} or newer${below === undefined ? '' : `, older than ${below}`}`;
  if (isOlder(version, min)) {
    const hint = 'use an operating system with a newer containerd, or an older Kubernetes';
    return error('containerd-too-old', `its containerd ${version} is too old: ${needs}`, hint);
  }
  if (below !== undefined && !isOlder(version, below)) {
    const hint = 'use Kubernetes 1.23 or newer, or an operating system with containerd 1.x';
    return error('containerd-too-new', `its containerd ${version} no longer speaks CRI v1alpha2: ${needs}`, hint);
  }
  return [];
};

/** Of versions such as `1.6.20`. */
const isOlder = (version: string, than: string): boolean => newestFirst(version, than) > 0;

/** Beta from this minor on (KEP-2254). */
const CGROUP_V2_MINOR = 22;

export const checkCgroup: Check = ({ facts, row, spec }) =>
  facts.cgroupVersion === 2 && row.minor < CGROUP_V2_MINOR
    ? warning('cgroup-v2-early', `Kubernetes ${spec.kubernetes} supports cgroup v2 only experimentally`)
    : [];
