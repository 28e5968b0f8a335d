import type { NodeTraits } from '../components/context.js';
import { DisklessError } from '../errors.js';
import type { NodeFacts } from '../facts/facts.js';

/** Go's architecture names for what `uname -m` says. */
const ARCHITECTURES: Record<string, NodeTraits['arch']> = { x86_64: 'amd64', aarch64: 'arm64' };

/** glibc, and the kubelet after it, use no more. */
const MAX_NAMESERVERS = 3;

export function archOf(facts: NodeFacts): NodeTraits['arch'] {
  const arch = ARCHITECTURES[facts.arch];
  if (arch) return arch;
  throw new DisklessError({ code: 'architecture', message: `its architecture ${facts.arch} is not supported` });
}

/** The facts that change what is generated. Pure. */
export function traitsOf(facts: NodeFacts, linkName: string): NodeTraits {
  const link = facts.links.find(({ name }) => name === linkName);
  const nameservers = facts.nameservers.filter((address) => !/^(127\.|::1$)/.test(address));
  const usableAsIs = nameservers.length === facts.nameservers.length && nameservers.length <= MAX_NAMESERVERS;
  return {
    arch: archOf(facts),
    cgroupVersion: facts.cgroupVersion,
    // On cgroup v1 hosts of systemd both drivers work, except nested ones where systemd owns only a part of the tree.
    cgroupDriver: facts.cgroupVersion === 2 ? 'systemd' : 'cgroupfs',
    containerdVersion: facts.containerd.version,
    canLowerOomScore: facts.capabilities.sysResource,
    canSetConntrack: facts.canSetConntrack,
    selinux: facts.selinux,
    hasNft: facts.tools.nft === true,
    linkMtu: link?.mtu ?? 1500,
    linkName,
    nameservers,
    ...(usableAsIs && { resolvConf: facts.resolvConf }),
    memTotalBytes: facts.memTotalBytes,
    swap: facts.swap,
  };
}
