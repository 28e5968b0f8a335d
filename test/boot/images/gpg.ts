import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A maker of operating systems with a real OpenPGP key. */
export interface Maker {
  fingerprint: string;
  /** Public keys, as bytes and armoured. */
  keys: Buffer;
  armoured: Buffer;
  sign: (data: Buffer) => Buffer;
  /** Ends the agent that gpg started. */
  remove: () => void;
}

export function createMaker(name: string): Maker {
  // Short: it holds sockets.
  const home = mkdtempSync(join(tmpdir(), 'gpg-'));
  const gpg = (args: readonly string[], input?: Buffer): Buffer =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--no-tty', '--passphrase', '', ...args], {
      ...(input && { input }),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  gpg(['--quick-generate-key', name, 'ed25519', 'sign', 'never']);
  const listed = gpg(['--with-colons', '--list-keys']).toString();
  return {
    fingerprint: /^fpr:+(\w+):/m.exec(listed)?.[1] ?? '',
    keys: gpg(['--export']),
    armoured: gpg(['--armor', '--export']),
    sign: (data) => gpg(['--detach-sign', '--output', '-'], data),
    remove() {
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
