import { generateKeyPairSync } from 'node:crypto';
import { copyFile, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DisklessError } from '../../src/errors.js';
import type { PkiFingerprints } from '../../src/state/records.js';
import {
  DAY,
  daysLater,
  establishedPki,
  NOW,
  newPki,
  ONE_CONTROL_PLANE,
  openStore,
  specFor,
  stamps,
} from './fixture.js';

const nodes = ONE_CONTROL_PLANE;
const spec = specFor(nodes);

interface Refused {
  now?: Date;
  clusterExists?: boolean;
  recorded?: PkiFingerprints;
}

/** Ensures that the store refuses without touching a file, and gives the error. */
async function refusalOf(directory: string, options: Refused = {}): Promise<DisklessError> {
  const before = await stamps(directory);
  const store = await openStore(directory, { clusterExists: true, ...options });
  const error = await store.ensure({ spec, nodes }).then(
    () => undefined,
    (reason: DisklessError) => reason,
  );
  if (!error) throw new Error('it was not refused');
  expect(error.exit).toBe(5);
  await expect(stamps(directory)).resolves.toEqual(before);
  return error;
}

async function cutOff(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.slice(0, text.length / 2));
}

const empty = (path: string) => writeFile(path, '');

describe('authorities are never replaced', () => {
  it.each([
    { file: 'etcd.crt', is: 'missing', change: rm, code: 'ca-incomplete' },
    { file: 'etcd.key', is: 'missing', change: rm, code: 'ca-incomplete' },
    { file: 'etcd.crt', is: 'cut off', change: cutOff, code: 'ca-unreadable' },
    { file: 'etcd.key', is: 'cut off', change: cutOff, code: 'ca-key-unreadable' },
    { file: 'etcd.crt', is: 'empty', change: empty, code: 'ca-unreadable' },
    { file: 'etcd.key', is: 'empty', change: empty, code: 'ca-key-unreadable' },
  ])('refuses when $file is $is', async ({ file, change, code }) => {
    const directory = await establishedPki();
    await change(join(directory, 'ca', file));
    for (const clusterExists of [true, false]) {
      const error = await refusalOf(directory, { clusterExists });
      expect(error.code).toBe(code);
      expect(error.message).toContain(join(directory, 'ca', file));
      expect(error.hint).toContain(`restore ${directory} from a backup`);
      expect(error.hint).toContain(dirname(directory));
    }
  });

  it('refuses a key that belongs to another certificate', async () => {
    const directory = await establishedPki();
    await copyFile(join(directory, 'ca/etcd.key'), join(directory, 'ca/kubernetes.key'));
    const error = await refusalOf(directory);
    expect(error.code).toBe('ca-key-mismatch');
    expect(error.message).toContain(join(directory, 'ca/kubernetes.key'));
  });

  it('refuses a certificate that is no authority', async () => {
    const directory = await establishedPki();
    for (const half of ['crt', 'key']) {
      await copyFile(join(directory, `leaves/admin.${half}`), join(directory, `ca/kubernetes.${half}`));
    }
    expect((await refusalOf(directory)).code).toBe('ca-not-an-authority');
  });

  it('refuses an RSA key: node certificates are signed with ECDSA', async () => {
    const directory = await establishedPki();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(join(directory, 'ca/kubernetes.key'), pem);
    expect((await refusalOf(directory)).code).toBe('ca-key-unreadable');
  });

  it('refuses the authorities of another cluster beside leaves of this one', async () => {
    const [directory, other] = [await establishedPki(), await newPki()];
    await cp(join(other, 'ca'), join(directory, 'ca'), { recursive: true });
    const error = await refusalOf(directory);
    expect(error.code).toBe('leaf-foreign');
    expect(error.message).toContain(join(directory, 'leaves/etcd-operator.crt'));
    expect(error.message).toContain(join(directory, 'ca/etcd.crt'));
    expect(error.hint).toContain(`remove ${join(directory, 'leaves')}`);
  });

  it('takes other authorities once the leaves were removed, as the hint says', async () => {
    const [directory, other] = [await establishedPki(), await newPki()];
    await cp(join(other, 'ca'), join(directory, 'ca'), { recursive: true });
    await rm(join(directory, 'leaves'), { recursive: true });
    const report = await (await openStore(directory, { clusterExists: true })).ensure({ spec, nodes });
    expect(report.created).toEqual([]);
    expect(report.issued).toContain('admin');
  });

  it('refuses an expired authority, and one from the future', async () => {
    const directory = await establishedPki();
    const expired = await refusalOf(directory, { now: daysLater(3651) });
    expect(expired).toMatchObject({ code: 'ca-expired', hint: expect.stringContaining('k8s-diskless pki renew') });
    expect(expired.message).toContain(join(directory, 'ca/kubernetes.crt'));
    const early = await refusalOf(directory, { now: new Date(NOW.getTime() - 2 * DAY) });
    expect(early).toMatchObject({ code: 'ca-not-yet-valid', hint: "set this machine's clock" });
  });

  it('refuses to begin again when a cluster is recorded and its PKI is gone', async () => {
    const directory = await establishedPki();
    for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
    const error = await refusalOf(directory, { clusterExists: true });
    expect(error.code).toBe('ca-missing');
    expect(error.message).toContain(join(directory, 'ca/kubernetes.crt'));
  });

  it.each([['ca'], ['ca/front-proxy.*']])('refuses to make up %s while leaves of it exist', async (lost) => {
    const directory = await establishedPki();
    const targets = lost === 'ca' ? ['ca'] : ['ca/front-proxy.crt', 'ca/front-proxy.key'];
    for (const target of targets) await rm(join(directory, target), { recursive: true });
    expect((await refusalOf(directory, { clusterExists: false })).code).toBe('ca-missing');
  });
});

describe('keys that the cluster depends on', () => {
  it.each([
    { file: 'service-account.key', change: rm, code: 'service-account-key-missing' },
    { file: 'service-account.key', change: cutOff, code: 'service-account-key-unreadable' },
    { file: 'service-account.pub', change: cutOff, code: 'service-account-key-mismatch' },
    { file: 'encryption-keys.yaml', change: rm, code: 'encryption-keys-missing' },
    { file: 'encryption-keys.yaml', change: cutOff, code: 'encryption-keys-unreadable' },
  ])('$code', async ({ file, change, code }) => {
    const directory = await establishedPki();
    const secret = await readFile(join(directory, file), 'utf8');
    await change(join(directory, file));
    const error = await refusalOf(directory);
    expect(error.code).toBe(code);
    expect(error.message).toContain(join(directory, file));
    const shown = JSON.stringify(error) + String(error.cause) + error.stack;
    const tokens = secret.split(/\s+/).filter((token) => token.length > 20);
    for (const token of tokens) expect(shown).not.toContain(token);
  });
});

describe('a PKI that is whole, and not the one the cluster was built with', () => {
  const fingerprintsOf = async (directory: string): Promise<PkiFingerprints> =>
    (await openStore(directory, { clusterExists: true })).fingerprints();

  it.each([
    { what: 'the kubernetes CA', parts: ['ca/kubernetes.crt', 'ca/kubernetes.key'] },
    { what: 'the etcd CA', parts: ['ca/etcd.crt', 'ca/etcd.key'] },
    { what: 'the service-account key', parts: ['service-account.key', 'service-account.pub'] },
  ])('$what of another cluster is refused', async ({ what, parts }) => {
    const [directory, other] = [await establishedPki(), await newPki()];
    const recorded = await fingerprintsOf(directory);
    for (const part of parts) await copyFile(join(other, part), join(directory, part));
    const { code, message, hint } = await refusalOf(directory, { recorded });
    expect([code, message]).toEqual([
      'pki-foreign',
      `${directory} is not what this cluster was built with: ${what} differs`,
    ]);
    expect(hint).toContain('restore');
  });

  it('a whole directory of another cluster is refused, before a connection could be made with it', async () => {
    const recorded = await fingerprintsOf(await establishedPki());
    const store = await openStore(await newPki(), { clusterExists: true, recorded });
    await expect(store.operatorIdentities()).rejects.toMatchObject({
      code: 'pki-foreign',
      exit: 5,
      message: expect.stringMatching(/the kubernetes CA, the etcd CA, the front-proxy CA, the service-account key/),
    });
  });

  it('encryption keys may be rotated, one after the other, but not all be others', async () => {
    const directory = await establishedPki();
    const recorded = await fingerprintsOf(directory);
    const path = join(directory, 'encryption-keys.yaml');
    const newest = `- name: key-2\n  secret: ${Buffer.alloc(32, 7).toString('base64')}\n`;
    const before = await readFile(path, 'utf8');
    await writeFile(path, newest + before);
    const store = await openStore(directory, { clusterExists: true, recorded });
    const rotated = await store.fingerprints();
    expect(rotated.encryptionKeys).toEqual([expect.stringMatching(/^SHA256:/), ...recorded.encryptionKeys]);
    await writeFile(path, newest);
    expect(await refusalOf(directory, { recorded })).toMatchObject({ code: 'pki-foreign' });
    await expect(fingerprintsOf(directory)).resolves.toMatchObject({
      encryptionKeys: rotated.encryptionKeys.slice(0, 1),
    });
  });

  it('a record of an earlier release, which does not know them, is taken as it is', async () => {
    const store = await openStore(await establishedPki(), { clusterExists: true });
    await expect(store.ensure({ spec, nodes })).resolves.toMatchObject({ created: [] });
  });
});
