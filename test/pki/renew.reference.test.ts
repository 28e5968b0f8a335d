import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { leafFiles } from '../../src/pki/pki-files.js';
import { loadProfiles } from '../../src/pki/profiles.js';
import { renewAuthorities } from '../../src/pki/renew.js';
import {
  daysLater,
  establishedPki,
  NOW,
  ONE_CONTROL_PLANE,
  openStore,
  openssl,
  specFor,
  temporaryPki,
} from './fixture.js';

const nodes = ONE_CONTROL_PLANE;
const spec = specFor(nodes);
const ISSUED_BY = { kubernetes: 'admin', etcd: 'etcd-server@s4', 'front-proxy': 'front-proxy-client@s4' } as const;

const seconds = (date: Date): string => String(Math.floor(date.getTime() / 1000));

interface Question {
  /** PEM files. */
  ca: string;
  leaf: string;
  at: Date;
}

const verify = ({ ca, leaf, at }: Question): Promise<string> =>
  openssl('verify', '-x509_strict', '-attime', seconds(at), '-CAfile', ca, leaf);

const renew = (directory: string, now: Date) =>
  renewAuthorities({ directory, all: true, environment: { now: () => now, random: randomBytes } });

it('openssl accepts old leaves under the new certificate, and new leaves under the old one for as long as that is valid', async () => {
  const directory = await establishedPki();
  const now = daysLater(100);
  const [old, renewed] = [await establishedPki(), directory];
  await renew(directory, now);
  const later = await openStore(directory, { now: daysLater(340), clusterExists: true });
  await later.ensure({ spec, nodes });
  for (const [id, leaf] of Object.entries(ISSUED_BY)) {
    const ca = (of: string) => join(of, `ca/${id}.crt`);
    const of = (pki: string) => join(pki, leafFiles(leaf).certificate);
    await expect(verify({ ca: ca(renewed), leaf: of(old), at: NOW })).resolves.toContain('OK');
    await expect(verify({ ca: ca(renewed), leaf: of(old), at: daysLater(364) })).resolves.toContain('OK');
    await expect(verify({ ca: ca(old), leaf: of(renewed), at: daysLater(341) })).resolves.toContain('OK');
    await expect(verify({ ca: ca(renewed), leaf: of(renewed), at: daysLater(700) })).resolves.toContain('OK');
    await expect(verify({ ca: ca(renewed), leaf: ca(renewed), at: daysLater(3749) })).resolves.toContain('OK');
    await expect(verify({ ca: ca(old), leaf: ca(old), at: daysLater(3651) })).rejects.toThrow(/expired/);
    await expect(verify({ ca: ca(renewed), leaf: ca(renewed), at: daysLater(3751) })).rejects.toThrow(/expired/);
    // Both in one bundle, as a person may hand them out, or an apiserver keep them.
    const bundle = join(directory, 'bundle.pem');
    await writeFile(bundle, await openssl('x509', '-in', ca(old)));
    await writeFile(bundle, await openssl('x509', '-in', ca(renewed)), { flag: 'a' });
    await expect(verify({ ca: bundle, leaf: of(renewed), at: daysLater(700) })).resolves.toContain('OK');
  }
});

it('an authority that openssl made keeps its constraints, and stays its own issuer', async () => {
  const directory = await temporaryPki();
  await mkdir(join(directory, 'ca'), { recursive: true });
  const config = join(directory, 'openssl.cnf');
  const lines = ['[req]', 'distinguished_name = dn', 'x509_extensions = v3', '[dn]', '[v3]'];
  const extensions = [
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid:always,issuer:always',
    'basicConstraints = critical,CA:true',
    'keyUsage = critical,keyCertSign',
    'nameConstraints = critical,permitted;DNS:lab.example',
  ];
  await writeFile(config, [...lines, ...extensions, ''].join('\n'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const id of Object.keys((await loadProfiles()).authorities)) {
    const out = ['-keyout', join(directory, `ca/${id}.key`), '-out', join(directory, `ca/${id}.crt`)];
    await openssl('req', '-x509', ...key, ...out, '-config', config, '-subj', `/O=Ours/CN=${id}`, '-days', '30');
  }
  const other = await establishedPki();
  for (const file of ['service-account.key', 'service-account.pub', 'encryption-keys.yaml']) {
    await copyFile(join(other, file), join(directory, file));
  }
  const certificate = join(directory, 'ca/kubernetes.crt');
  const now = new Date(Date.now() + 60_000);
  const before = await openssl('x509', '-in', certificate, '-noout', '-subject', '-ext', 'subjectKeyIdentifier');
  await renew(directory, now);
  const after = await openssl('x509', '-in', certificate, '-noout', '-subject', '-ext', 'subjectKeyIdentifier');
  expect(after).toBe(before);
  const text = await openssl('x509', '-in', certificate, '-noout', '-text');
  expect(text).toContain('DNS:lab.example');
  expect(text).not.toContain('serial:');
  const at = new Date(now.getTime() + 60 * 86_400_000);
  await expect(verify({ ca: certificate, leaf: certificate, at })).resolves.toContain('OK');
});
