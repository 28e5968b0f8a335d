import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsIdentity } from '../../src/http/secure-stream.js';

/** A throw-away authority made by openssl, so that tests of clients do not stand on our own issuing code. */
export interface OpensslPki {
  /** Holds ca.crt, and NAME.crt and NAME.key of what was issued. */
  directory: string;
  /** Valid for loopback, as server and as client. */
  issue(name: string): TlsIdentity;
  remove(): void;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export function createOpensslPki(): OpensslPki {
  const directory = mkdtempSync(join(tmpdir(), 'k8s-diskless-pki-'));
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  openssl(
    'req',
    '-x509',
    ...KEY,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
    '-subj',
    '/CN=test-ca',
    '-days',
    '2',
  );
  return {
    directory,
    issue(name) {
      openssl(
        ...['req', '-x509', ...KEY, '-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-days', '2'],
        ...['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`), '-subj', `/O=system:masters/CN=${name}`],
        ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
        ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
      );
      const read = (path: string): string => readFileSync(file(path), 'utf8');
      return { ca: read('ca.crt'), cert: read(`${name}.crt`), key: read(`${name}.key`) };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
