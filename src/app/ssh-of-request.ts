import { resolve } from 'node:path';
import type { SshSpec } from '../config/spec.js';
import type { SshRequest } from './requests.js';

/** What is asked for SSH. It is recorded, so that the path must not depend on where it was typed. */
export function sshOfRequest({ sshConfig, hostKeyPolicy, connectTimeout }: SshRequest): SshSpec {
  return {
    ...(sshConfig !== undefined && { configFile: resolve(sshConfig) }),
    ...(hostKeyPolicy !== undefined && { hostKeyPolicy }),
    ...(connectTimeout !== undefined && { connectTimeout: connectTimeout * 1000 }),
  };
}
