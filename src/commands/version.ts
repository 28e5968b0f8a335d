import { readFileSync } from 'node:fs';
import { KUBERNETES_RANGE, NEWEST } from '../config/version-table.js';
import { packageFile } from '../package-files.js';
import { sshCryptoPath } from '../ssh/crypto-path.js';

export function readPackage(): { name: string; version: string } {
  return JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
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
