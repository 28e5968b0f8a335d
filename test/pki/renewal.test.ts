import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProfiles } from '../../src/pki/profiles.js';
import type { PkiReport } from '../../src/pki/store.js';
import { PkiStore } from '../../src/pki/store.js';
import { daysLater, establishedPki, fixedEnvironment, ONE_CONTROL_PLANE, openStore, specFor } from './fixture.js';

const nodes = ONE_CONTROL_PLANE;
const spec = specFor(nodes);

async function ensureAgain(directory: string, now?: Date): Promise<PkiReport> {
  const store = await openStore(directory, { clusterExists: true, ...(now && { now }) });
  return store.ensure({ spec, nodes });
}

/** The store is at rest again: a second run finds nothing to do. */
async function expectSettled(directory: string, now?: Date): Promise<void> {
  await expect(ensureAgain(directory, now)).resolves.toMatchObject({ issued: [], renewed: [] });
}

describe('renewal of leaves', () => {
  it('leaves a certificate alone with 31 days to go, and renews it with 29', async () => {
    const directory = await establishedPki();
    await expectSettled(directory, daysLater(365 - 31));
    const report = await ensureAgain(directory, daysLater(365 - 29));
    expect(report.reused).toEqual([]);
    expect(new Set(report.renewed.map(({ reason }) => reason))).toEqual(new Set(['expires']));
    await expectSettled(directory, daysLater(365 - 29));
  });

  it('issues anew what expired long ago', async () => {
    const directory = await establishedPki();
    const report = await ensureAgain(directory, daysLater(800));
    expect(report.renewed).toContainEqual({ leaf: 'admin', reason: 'expires' });
  });

  it('issues anew what is not valid yet by a clock that was set back', async () => {
    const directory = await establishedPki();
    await ensureAgain(directory, daysLater(350));
    const report = await ensureAgain(directory, daysLater(100));
    expect(report.renewed).toContainEqual({ leaf: 'admin', reason: 'not-yet-valid' });
  });

  it('follows a changed node address, in the certificates that name it', async () => {
    const directory = await establishedPki();
    const moved = nodes.map((node) => (node.name === 's5' ? { ...node, nodeIp: '10.146.225.55' } : node));
    const report = await (await openStore(directory, { clusterExists: true })).ensure({ spec, nodes: moved });
    expect(report.renewed).toEqual([{ leaf: 'kubelet-serving@s5', reason: 'profile-changed' }]);
  });

  it('follows an added SAN, in kube-apiserver alone', async () => {
    const directory = await establishedPki();
    const store = await openStore(directory, { clusterExists: true });
    const report = await store.ensure({
      spec: specFor(nodes, ['api.lab.example', 'fd00:146::4', 'more.example']),
      nodes,
    });
    expect(report.renewed).toEqual([{ leaf: 'kube-apiserver@s4', reason: 'profile-changed' }]);
  });

  it.each([
    { what: 'usages', change: { usages: ['clientAuth', 'serverAuth'], sans: ['localhost'] } },
    { what: 'subject', change: { subject: { commonName: 'someone-else', organizations: [] } } },
    { what: 'lifetime', change: { lifetimeDays: 30 } },
  ])('follows a profile whose $what changed', async ({ change }) => {
    const directory = await establishedPki();
    const profiles = await loadProfiles();
    const admin = { ...profiles.leaves.admin, ...change };
    const changed = { ...profiles, leaves: { ...profiles.leaves, admin } } as typeof profiles;
    const environment = fixedEnvironment();
    const options = { directory, mode: 'persistent', clusterExists: true, environment, profiles: changed } as const;
    const report = await (await PkiStore.open(options)).ensure({ spec, nodes });
    expect(report.renewed).toEqual([{ leaf: 'admin', reason: 'profile-changed' }]);
  });

  it('follows a profile that moved to another authority', async () => {
    const directory = await establishedPki();
    const profiles = await loadProfiles();
    const { admin } = profiles.leaves;
    if (!admin) throw new Error('no such profile');
    const changed = { ...profiles, leaves: { ...profiles.leaves, admin: { ...admin, issuer: 'etcd' as const } } };
    const environment = fixedEnvironment();
    const options = { directory, mode: 'persistent', clusterExists: true, environment, profiles: changed } as const;
    const report = await (await PkiStore.open(options)).ensure({ spec, nodes });
    expect(report.renewed).toEqual([{ leaf: 'admin', reason: 'issuer-changed' }]);
  });

  it.each([
    { what: 'its key never reached the disk', damage: (path: string) => rm(`${path}.key`), reason: 'incomplete' },
    {
      what: 'its certificate never reached the disk',
      damage: (path: string) => rm(`${path}.crt`),
      reason: 'incomplete',
    },
    { what: 'its key is cut off', damage: (path: string) => cutOff(`${path}.key`), reason: 'damaged' },
    { what: 'its certificate is cut off', damage: (path: string) => cutOff(`${path}.crt`), reason: 'damaged' },
    { what: 'its key is empty', damage: (path: string) => writeFile(`${path}.key`, ''), reason: 'damaged' },
    { what: 'a bit of it is flipped', damage: (path: string) => flipSignatureBit(`${path}.crt`), reason: 'damaged' },
  ])('issues a leaf anew when $what', async ({ damage, reason }) => {
    const directory = await establishedPki();
    await damage(join(directory, 'leaves/kubelet-client@s6'));
    const report = await ensureAgain(directory);
    expect(report.renewed).toEqual([{ leaf: 'kubelet-client@s6', reason }]);
    await expectSettled(directory);
  });

  it('issues a leaf anew when a renewal lost power between key and certificate', async () => {
    const directory = await establishedPki();
    const leaves = join(directory, 'leaves');
    await rename(join(leaves, 'kube-proxy@s5.key'), join(leaves, 'kube-proxy@s6.key'));
    const report = await ensureAgain(directory);
    expect(report.renewed).toEqual([
      { leaf: 'kube-proxy@s5', reason: 'incomplete' },
      { leaf: 'kube-proxy@s6', reason: 'damaged' },
    ]);
    await expectSettled(directory);
  });
});

async function cutOff(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.slice(0, text.length / 2));
}

/** The signature's last byte: everything still parses. */
async function flipSignatureBit(path: string): Promise<void> {
  const base64 = (await readFile(path, 'utf8')).replaceAll(/-----.*-----|\n/g, '');
  const der = Buffer.from(base64, 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  await writeFile(path, ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'));
}
