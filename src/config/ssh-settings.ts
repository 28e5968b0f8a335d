import type { HostKeyPolicy } from '../ssh/host-key.js';
import { decide } from './decide.js';
import { type ConfigFile, ssh as section } from './schema.js';
import type { SshSpec } from './spec.js';

export interface SshInput {
  flags?: SshSpec | undefined;
  file?: ConfigFile | undefined;
  recorded?: SshSpec | undefined;
}

/** @returns undefined when nobody ever said anything */
export function decideSsh({ flags, file, recorded }: SshInput): SshSpec | undefined {
  const ssh = decide(section, { flags, file: file?.ssh, recorded, replaces: file !== undefined });
  return Object.keys(ssh).length > 0 ? ssh : undefined;
}

export function hostKeyPolicyOf(ssh: SshSpec | undefined): HostKeyPolicy {
  return ssh?.hostKeyPolicy ?? 'per-boot';
}
