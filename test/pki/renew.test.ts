import { randomBytes, X509Certificate } from 'node:crypto';
import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAuthorityEnds } from '../../src/pki/authority-ends.js';
import { encodedParts } from '../../src/pki/certificate.js';
import { toDer } from '../../src/pki/der.js';
import { readPrivateKey } from '../../src/pki/keys.js';
import { type AuthorityId, authorityId } from '../../src/pki/profile-schema.js';
import { loadProfiles } from '../../src/pki/profiles.js';
import { type AuthorityRenewal, type RenewAuthorities, renewAuthorities } from '../../src/pki/renew.js';
import { openUsersAuthority } from '../../src/pki/rotate-users-authority.js';
import { issueForUser } from '../../src/users/issue.js';
import { rejection } from '../artifacts/fixtures.js';
import { daysLater, establishedPki, NOW, newPki, ONE_CONTROL_PLANE, openStore, specFor, stamps } from './fixture.js';

const nodes = ONE_CONTROL_PLANE;
const spec = specFor(nodes);
const IDS = authorityId.options;
/** They end after 3650 days. */
const AFTER_END = daysLater(3700);

function renew(directory: string, now: Date, options: Partial<RenewAuthorities> = {}): Promise<AuthorityRenewal[]> {
  return renewAuthorities({ directory, all: false, environment: { now: () => now, random: randomBytes }, ...options });
}

const open = (directory: string, now: Date) => openStore(directory, { now, clusterExists: true });
const certificateOf = async (directory: string, id: AuthorityId): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(directory, `ca/${id}.crt`)));
const renewedIds = (renewals: AuthorityRenewal[]): string[] => renewals.flatMap(({ id, after }) => (after ? [id] : []));

describe('which authorities', () => {
  it('none whose end is farther off than the end of a leaf: nothing is touched', async () => {
    const directory = await establishedPki();
    const before = await stamps(directory);
    const renewals = await renew(directory, daysLater(3650 - 366));
    expect(renewals.map(({ id, after }) => [id, after])).toEqual([...IDS, 'users'].map((id) => [id, undefined]));
    expect(await stamps(directory)).toEqual(before);
  });

  it('those that every run warns of, and those that have ended', async () => {
    for (const now of [daysLater(3650 - 364), AFTER_END]) {
      const directory = await establishedPki();
      expect(renewedIds(await renew(directory, now))).toEqual([...IDS, 'users']);
      expect(renewedIds(await renew(directory, now))).toEqual([]);
      const { expiringAuthorities } = await (await open(directory, now)).ensure({ spec, nodes });
      expect(expiringAuthorities).toEqual([]);
    }
  });

  it('all of them when asked', async () => {
    const directory = await establishedPki();
    const renewals = await renew(directory, daysLater(1), { all: true });
    expect(renewedIds(renewals)).toEqual([...IDS, 'users']);
    expect(renewals[0]?.after?.toISOString()).toBe(daysLater(3651).toISOString().replace('.500', '.000'));
  });

  it('what a power cut left of an earlier renewal', async () => {
    const [directory, old] = [await establishedPki(), await establishedPki()];
    await renew(directory, AFTER_END);
    await copyFile(join(old, 'ca/etcd.crt'), join(directory, 'ca/etcd.crt'));
    const kubernetes = await certificateOf(directory, 'kubernetes');
    expect(renewedIds(await renew(directory, AFTER_END))).toEqual(['etcd']);
    expect((await certificateOf(directory, 'kubernetes')).raw.equals(kubernetes.raw)).toBe(true);
  });
});

describe('a renewed authority', () => {
  it('has the key, name, key identifier, extensions and beginning of the old one, another serial number and a later end', async () => {
    const [directory, old] = [await establishedPki(), await establishedPki()];
    await renew(directory, AFTER_END);
    for (const id of IDS) {
      const [before, after] = [await certificateOf(old, id), await certificateOf(directory, id)];
      const [was, is] = [encodedParts(before), encodedParts(after)];
      expect(toDer(is.subject).equals(toDer(was.subject))).toBe(true);
      expect(toDer(is.publicKey).equals(toDer(was.publicKey))).toBe(true);
      expect(is.extensions.map((entry) => toDer(entry))).toEqual(was.extensions.map((entry) => toDer(entry)));
      expect(after.validFrom).toBe(before.validFrom);
      expect(after.validTo).toBe('Jan  4 12:00:00 2047 GMT');
      expect(after.serialNumber).not.toBe(before.serialNumber);
      expect(after.verify(before.publicKey)).toBe(true);
      const key = readPrivateKey(await readFile(join(directory, `ca/${id}.key`), 'utf8'));
      expect(key && after.checkPrivateKey(key)).toBe(true);
    }
  });

  it('is written alone: keys and leaves are not touched, and nothing is left beside it', async () => {
    const directory = await establishedPki();
    const others = async () =>
      (await stamps(directory)).filter((line) => !/^(ca( |\/.*\.crt )|users-ca\.pem )/.test(line));
    const before = await others();
    await renew(directory, AFTER_END);
    expect(await others()).toEqual(before);
    expect(await readdir(join(directory, 'ca'))).toEqual(IDS.flatMap((id) => [`${id}.crt`, `${id}.key`]).toSorted());
    expect((await stat(join(directory, 'ca/etcd.crt'))).mode & 0o777).toBe(0o644);
  });

  it('is the one the cluster was built with', async () => {
    const directory = await establishedPki();
    const recorded = await (await open(directory, NOW)).fingerprints();
    await renew(directory, AFTER_END, { recorded });
    const store = await openStore(directory, { now: AFTER_END, clusterExists: true, recorded });
    expect(await store.fingerprints()).toEqual(recorded);
  });
});

describe('the CA of people', () => {
  const subject = { cluster: 'lab', user: 'ada', group: 'algebra', namespace: 'ada', generation: 1 };

  it('issues nothing once it has ended; renewed, what it issued before is still its own', async () => {
    const directory = await establishedPki();
    const { validity } = await loadProfiles();
    const at = (now: Date) => ({ now: () => now, random: randomBytes });
    const issue = async (now: Date) => {
      const authority = await openUsersAuthority(directory, at(now));
      const { leaf } = await issueForUser({ authority, subject, lifetimeDays: 9, validity, environment: at(now) });
      return { certificate: new X509Certificate(leaf.certificate), authority: authority.x509 };
    };
    const before = await issue(NOW);
    expect(await rejection(issue(AFTER_END))).toMatchObject({ code: 'users-ca-expired', exit: 5 });
    await renew(directory, AFTER_END);
    const after = await issue(AFTER_END);
    expect(after.authority.validTo).toBe('Jan  4 12:00:00 2047 GMT');
    expect(before.certificate.checkIssued(after.authority)).toBe(true);
    expect(before.certificate.verify(after.authority.publicKey)).toBe(true);
  });

  it('is told of with the others', async () => {
    const ends = await readAuthorityEnds(await establishedPki());
    expect(ends.map(({ id }) => id)).toEqual([...IDS, 'users']);
  });
});

describe('the next up', () => {
  it('works where it was refused, with every certificate issued anew and the kubeconfig that trusts them', async () => {
    const directory = await establishedPki();
    expect(await rejection((await open(directory, AFTER_END)).operatorIdentities())).toMatchObject({
      code: 'ca-expired',
      exit: 5,
      hint: expect.stringContaining('k8s-diskless pki renew'),
    });
    await renew(directory, AFTER_END);
    const store = await open(directory, AFTER_END);
    const report = await store.ensure({ spec, nodes });
    expect(report.reused).toEqual([]);
    const ca = await readFile(join(directory, 'ca/kubernetes.crt'), 'utf8');
    expect(store.adminKubeconfig({ spec, nodes })).toContain(Buffer.from(ca).toString('base64'));
    const files = new Map(
      store.nodeFiles({ spec, node: { name: 's5', role: 'worker' } }).map((file) => [file.path, file]),
    );
    expect(files.get('/etc/kubernetes/pki/ca.crt')?.content).toEqual({ kind: 'text', text: ca });
  });

  it('issues anew what the old end had cut short, and says so; what ended before it by itself is left alone', async () => {
    const directory = await establishedPki();
    const late = daysLater(3650 - 400);
    await (await open(directory, late)).ensure({ spec, nodes });
    const cut = daysLater(3650 - 364);
    await rm(join(directory, 'leaves/admin.crt'));
    await rm(join(directory, 'leaves/admin.key'));
    await (await open(directory, cut)).ensure({ spec, nodes });
    await renew(directory, cut);
    const report = await (await open(directory, cut)).ensure({ spec, nodes });
    expect(report).toMatchObject({ issued: [], renewed: [{ leaf: 'admin', reason: 'cut-short' }] });
    expect(await (await open(directory, cut)).ensure({ spec, nodes })).toMatchObject({ issued: [], renewed: [] });
  });
});

describe('nothing is renewed', () => {
  async function refused(directory: string, now: Date, options: Partial<RenewAuthorities> = {}) {
    const before = await stamps(directory);
    const error = await rejection(renew(directory, now, options));
    expect(await stamps(directory)).toEqual(before);
    return error;
  }

  it('of another cluster', async () => {
    const recorded = await (await open(await establishedPki(), NOW)).fingerprints();
    const error = await refused(await newPki(), AFTER_END, { recorded });
    expect(error).toMatchObject({ code: 'pki-foreign', exit: 5 });
  });

  it('that is damaged or lost', async () => {
    const directory = await establishedPki();
    await writeFile(join(directory, 'ca/front-proxy.key'), '');
    expect(await refused(directory, AFTER_END)).toMatchObject({ code: 'ca-key-unreadable', exit: 5 });
    for (const half of ['crt', 'key']) await rm(join(directory, `ca/front-proxy.${half}`));
    expect(await refused(directory, AFTER_END)).toMatchObject({ code: 'ca-missing', exit: 5 });
  });

  it('by a clock that is before its beginning', async () => {
    const directory = await establishedPki();
    const error = await refused(directory, daysLater(-2), { all: true });
    expect(error).toMatchObject({ code: 'ca-not-yet-valid', hint: "set this machine's clock" });
  });
});

it('a clock that is wrong by years does no harm: what it renewed is valid by the right one', async () => {
  const directory = await establishedPki();
  await renew(directory, AFTER_END);
  await expect((await open(directory, daysLater(1))).ensure({ spec, nodes })).resolves.toMatchObject({ created: [] });
});
