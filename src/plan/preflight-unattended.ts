import type { NodeSpec } from '../config/spec.js';
import type { SameMachine } from '../node/machine.js';
import type { HostKeyPolicy } from '../ssh/host-key.js';
import type { HostKey } from '../ssh/transport.js';
import { error, type NodeFinding } from './finding.js';

/** How far a run goes that no person has asked for. */
export interface Unattended {
  /** A person has said that the first key of a boot is believed, as `up` believes it. */
  trustsPerBoot: boolean;
  /** The one SSH key that is offered, a file without a passphrase. Default: what ssh_config and an agent give. */
  identity?: string | undefined;
}

export interface UnattendedInput extends Pick<Unattended, 'trustsPerBoot'> {
  node: Pick<NodeSpec, 'name' | 'role' | 'hostKeys'>;
  policy: HostKeyPolicy;
  presented: HostKey;
  /** That of the boot before. */
  recorded: HostKey | undefined;
  /** Whether it is the one that was recorded under its name. */
  machine: SameMachine;
}

/**
 * More careful than with a person: a control plane is given the cluster's keys only where its host key is proven, which
 * is that of the boot before, pinned, or judged by known_hosts; and a machine that is another one than under that name
 * before is given nothing.
 */
export function checkUnattended(input: UnattendedInput): NodeFinding[] {
  return [...anotherMachine(input), ...unprovenKey(input)];
}

function anotherMachine({ node, machine }: UnattendedInput): NodeFinding[] {
  if (machine !== 'other') return [];
  return error(
    'machine-changed',
    `another machine than before answers under the name ${node.name}, and no person has said that it is meant`,
    'k8s-diskless up takes it in; or give the name back to the machine that had it',
  );
}

function unprovenKey({ node, policy, presented, recorded, trustsPerBoot }: UnattendedInput): NodeFinding[] {
  const isProven = policy === 'strict' || node.hostKeys !== undefined || trustsPerBoot;
  if (node.role === 'worker' || isProven || recorded?.fingerprint === presented.fingerprint) return [];
  return error(
    'host-key-unproven',
    `nothing proves the host key of this boot (${presented.type} ${presented.fingerprint}), and a control plane is given the keys of the cluster`,
    'pin hostKeys in the config file, or use the host key policy strict; serve.trust: per-boot believes the first key of each boot, as up does',
  );
}
