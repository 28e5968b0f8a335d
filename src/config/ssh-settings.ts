import type { HostKeyPolicy } from '../ssh/host-key.js';
import type { ConfigFile } from './schema.js';
import type { SshSpec } from './spec.js';

export interface SshInput {
  flags?: SshSpec | undefined;
  file?: ConfigFile | undefined;
  recorded?: SshSpec | undefined;
}

/**
 * Flags win over the file, and a file takes the place of what is recorded; except for the host-key policy, which stays
 * until it is named: a file that does not speak of it must not turn `strict` into trust on first use.
 *
 * @returns undefined when nobody ever said anything
 */
export function decideSsh({ flags, file, recorded }: SshInput): SshSpec | undefined {
  const base = file ? { ...policyOf(recorded), ...sectionOf(file) } : recorded;
  const ssh: SshSpec = { ...base, ...flags };
  return Object.keys(ssh).length > 0 ? ssh : undefined;
}

export function hostKeyPolicyOf(ssh: SshSpec | undefined): HostKeyPolicy {
  return ssh?.hostKeyPolicy ?? 'per-boot';
}

function policyOf(recorded: SshSpec | undefined): SshSpec {
  return recorded?.hostKeyPolicy === undefined ? {} : { hostKeyPolicy: recorded.hostKeyPolicy };
}

function sectionOf({ ssh: { connectTimeout, ...section } = {} }: ConfigFile): SshSpec {
  return { ...section, ...(connectTimeout !== undefined && { connectTimeoutMs: connectTimeout }) };
}
