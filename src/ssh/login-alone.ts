import { stat } from 'node:fs/promises';
import { usageError } from '../errors.js';
import { effectiveConfig, type SshTarget } from './effective-config.js';
import { gatherIdentities } from './identities.js';

const OTHERS = 0o077;

export interface LoginTarget {
  target: SshTarget;
  defaultUser?: string | undefined;
  configFile?: string | undefined;
  signal?: AbortSignal;
}

/** Why no key could be offered to it without an agent, as the end of a sentence; undefined where one could. */
export async function whyNoKeyAlone(options: LoginTarget): Promise<string | undefined> {
  const { agentSocket: _agent, ...config } = await effectiveConfig(options);
  const { usable, unusable } = await gatherIdentities({ ...config, signal: options.signal });
  if (usable.length > 0) return undefined;
  const reasons = unusable.map(({ label, reason }) => `${label} ${reason}`);
  return reasons.length > 0 ? reasons.join('; ') : 'there is no key file';
}

/** @throws usage error of a key that is not there, that others can read, or that needs a passphrase */
export async function requireKeyAlone(path: string): Promise<void> {
  const refuse = (message: string, hint: string) => usageError({ code: 'identity-unusable', message, hint });
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error)
    throw refuse(`the key ${path} cannot be read (${found.code})`, 'serve.identity names a private key');
  if ((found.mode & OTHERS) !== 0) throw refuse(`the key ${path} can be read by others`, `chmod 600 ${path}`);
  const { usable, unusable } = await gatherIdentities({ identityFiles: [path], identitiesOnly: true });
  if (usable.length > 0) return;
  const why = unusable.map(({ reason }) => reason).join('; ');
  throw refuse(`the key ${path} ${why}`, 'make one without a passphrase for this alone: ssh-keygen -t ed25519 -N ""');
}
