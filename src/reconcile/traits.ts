import type { NodeTraits } from '../components/context.js';
import { MAX_NAMESERVERS } from '../components/kubelet-config.js';
import { DisklessError } from '../errors.js';
import { goArchitecture } from '../facts/architecture.js';
import type { NodeFacts } from '../facts/facts.js';
import { nameserversForPods } from '../facts/nameservers.js';

/** @throws of a node that preflight has refused */
export function archOf(facts: NodeFacts): NodeTraits['arch'] {
  const arch = goArchitecture(facts.arch);
  if (arch) return arch;
  throw new DisklessError({ code: 'architecture', message: `its architecture ${facts.arch} is not supported` });
}

/** The facts that change what is generated. Pure. */
export function traitsOf(facts: NodeFacts, linkName: string): NodeTraits {
  const link = facts.links.find(({ name }) => name === linkName);
  const nameservers = nameserversForPods(facts);
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
    ...(usableAsIs && facts.resolvConf !== undefined && { resolvConf: facts.resolvConf }),
    memTotalBytes: facts.memTotalBytes,
    swap: facts.swap,
  };
}
