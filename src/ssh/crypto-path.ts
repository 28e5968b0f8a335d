import { createRequire } from 'node:module';

/**
 * Which code encrypts SSH packets: ssh2's own addon, or node:crypto called for every packet. The addon is optional
 * (it needs a C++ toolchain at install time) and its absence costs throughput only. For `--version -v`.
 */
export function sshCryptoPath(): 'native binding' | 'node:crypto' {
  // ssh2 publishes this nowhere else; its version is pinned.
  const internals: { bindingAvailable: boolean } = createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js');
  return internals.bindingAvailable ? 'native binding' : 'node:crypto';
}
