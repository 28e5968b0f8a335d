import { readFileSync } from 'node:fs';
import { KUBERNETES_RANGE, NEWEST } from '../config/version-table.js';
import { sshCryptoPath } from '../ssh/crypto-path.js';

/** package.json of this program: two levels up from here, in src as in dist. */
export const PACKAGE = new URL('../../package.json', import.meta.url);

export function readPackage(): { name: string; version: string } {
  return JSON.parse(readFileSync(PACKAGE, 'utf8'));
}

export function versionText({ verbose }: { verbose: boolean }): string {
  const { name, version } = readPackage();
  if (!verbose) return `${name} ${version}\n`;
  return `${name} ${version}
Kubernetes ${KUBERNETES_RANGE} (default ${NEWEST.kubernetes})
Node.js ${process.versions.node}, OpenSSL ${process.versions.openssl}
SSH crypto: ${sshCryptoPath()}
`;
}
