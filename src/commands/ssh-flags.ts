import { resolve } from 'node:path';
import type { SshSpec } from '../config/spec.js';
import type { SshFlags } from './options.js';

/** What the command line says of SSH. It is recorded, so that the path must not depend on where it was typed. */
export function sshOfFlags({ sshConfig, hostKeyPolicy, connectTimeout }: SshFlags): SshSpec {
  return {
    ...(sshConfig !== undefined && { configFile: resolve(sshConfig) }),
    ...(hostKeyPolicy !== undefined && { hostKeyPolicy }),
    ...(connectTimeout !== undefined && { connectTimeoutMs: connectTimeout * 1000 }),
  };
}
