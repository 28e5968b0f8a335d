import { newestFirst } from '../config/release-version.js';
import type { ProxyMode } from '../config/spec.js';
import { type Check, error, type NodeFinding, type PreflightInput } from './finding.js';

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
  const { facts, spec } = input;
  const { mode } = spec.kubeProxy;
  const missing = PROXY_TOOLS[mode].filter((tool) => !facts.tools[tool]);
  if (missing.length === 0) return [];
  const others = (['iptables', 'nftables'] as const).filter((other) =>
    PROXY_TOOLS[other].every((tool) => facts.tools[tool]),
  );
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

/** kube-proxy would start, be healthy, and make no service reachable. */
export const checkXtables: Check = ({ facts, spec }) => {
  const { mode } = spec.kubeProxy;
  if (mode === 'nftables' || facts.xtablesFail === undefined) return [];
  const hint = facts.tools.nft
    ? 'set kubeProxy.mode to nftables in the config file, or load the module that is missing'
    : 'load the kernel module that is missing';
  return error('xtables', `iptables makes none of kube-proxy's rules (mode ${mode}): ${facts.xtablesFail}`, hint);
};

/** The first that serves CRI v1, the only API that kubelets from 1.26 on speak. */
const OLDEST_CONTAINERD = '1.6.0';

export const checkContainerd: Check = ({ facts, spec }) => {
  const { present, version } = facts.containerd;
  if (!present) return error('containerd-missing', 'containerd is not installed');
  // A version that could not be read is no version that is wrong.
  if (version === '' || !isOlder(version, OLDEST_CONTAINERD)) return [];
  const needs = `Kubernetes ${spec.kubernetes} needs ${OLDEST_CONTAINERD} or newer`;
  const hint = 'use an operating system with a newer containerd';
  return error('containerd-too-old', `its containerd ${version} is too old: ${needs}`, hint);
};

/** Of versions such as `1.6.20`. */
const isOlder = (version: string, than: string): boolean => newestFirst(version, than) > 0;
