import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  daysLater,
  establishedPki,
  NOW,
  newPki,
  ONE_CONTROL_PLANE,
  openStore,
  specFor,
  THREE_NODES,
  temporaryPki,
} from './fixture.js';

const spec = specFor(ONE_CONTROL_PLANE);
const nodes = ONE_CONTROL_PLANE;
/** One control plane with eleven leaves, two more nodes with three each, the operator with two. */
const LEAVES = 19;

async function snapshot(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')])));
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe('PkiStore', () => {
  it('issues everything once, and reuses it byte for byte', async () => {
    const directory = await temporaryPki();
    const first = await (await openStore(directory)).ensure({ spec, nodes });
    expect(first.created).toHaveLength(10);
    expect(first.issued).toHaveLength(LEAVES);
    const before = await snapshot(directory);
    const again = await (await openStore(directory, { clusterExists: true })).ensure({ spec, nodes });
    expect(again).toMatchObject({ created: [], issued: [], renewed: [], expiringAuthorities: [] });
    expect(again.reused.sort()).toEqual(first.issued.sort());
    await expect(snapshot(directory)).resolves.toEqual(before);
  });

  it('keeps keys to their owner', async () => {
    const directory = await newPki();
    for (const inside of ['.', 'ca', 'leaves']) expect(await modeOf(join(directory, inside))).toBe('700');
    const files = Object.keys(await snapshot(directory));
    const secrets = files.filter((file) => file.endsWith('.key') || file.endsWith('encryption-keys.yaml'));
    expect(secrets).toHaveLength(3 + 1 + 1 + LEAVES);
    for (const file of secrets) expect(await modeOf(file), file).toBe('600');
  });

  it('writes nothing in memory mode, and stays consistent with itself', async () => {
    const directory = await temporaryPki();
    const store = await openStore(directory, { mode: 'memory' });
    const report = await store.ensure({ spec, nodes });
    expect(report.issued).toHaveLength(LEAVES);
    const node = { name: 's4', role: 'control-plane' as const };
    const files = store.nodeFiles({ spec, node });
    await store.ensure({ spec, nodes });
    expect(store.nodeFiles({ spec, node })).toEqual(files);
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('reads an existing directory in memory mode without touching it', async () => {
    const directory = await establishedPki();
    const before = await snapshot(directory);
    const store = await openStore(directory, { mode: 'memory', now: daysLater(350) });
    const report = await store.ensure({ spec, nodes });
    expect(report.renewed).toHaveLength(LEAVES);
    await expect(snapshot(directory)).resolves.toEqual(before);
  });

  it('gives the operator its credentials before nodes are known, and saves them with the first ensure', async () => {
    const directory = await temporaryPki();
    const store = await openStore(directory);
    const [identities, same] = await Promise.all([store.operatorIdentities(), store.operatorIdentities()]);
    expect(same).toEqual(identities);
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    const report = await store.ensure({ spec, nodes });
    expect(report.issued).toContain('admin');
    const reopened = await openStore(directory, { clusterExists: true });
    await expect(reopened.operatorIdentities()).resolves.toEqual(identities);
  });

  it('issues leaves for a node that joins later, and leaves the others alone', async () => {
    const directory = await newPki(nodes.slice(0, 2));
    const store = await openStore(directory, { clusterExists: true });
    const report = await store.ensure({ spec, nodes });
    expect(report.issued).toEqual(['kubelet-client@s6', 'kubelet-serving@s6', 'kube-proxy@s6']);
    expect(report.reused).toHaveLength(LEAVES - 3);
  });

  it('issues what a worker needs to become a control plane', async () => {
    const directory = await establishedPki();
    const promoted = nodes.map((node) => ({ ...node, controlPlane: node.controlPlane || node.name === 's5' }));
    const report = await (await openStore(directory, { clusterExists: true })).ensure({ spec, nodes: promoted });
    expect(report.issued).toContain('etcd-server@s5');
    expect(report.renewed).toEqual([]);
  });

  it('delivers no authority key but the Kubernetes one, and that to control planes only', async () => {
    const directory = await newPki(THREE_NODES);
    const store = await openStore(directory, { clusterExists: true });
    await store.ensure({ spec: specFor(THREE_NODES), nodes: THREE_NODES });
    const textsOf = (role: 'control-plane' | 'worker') =>
      store
        .nodeFiles({ spec, node: { name: 's4', role } })
        .flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []));
    const key = (name: string) => readFile(join(directory, 'ca', `${name}.key`), 'utf8');
    const [controlPlane, worker] = [textsOf('control-plane'), textsOf('worker')];
    expect(controlPlane).toContain(await key('kubernetes'));
    expect(worker).not.toContain(await key('kubernetes'));
    for (const name of ['etcd', 'front-proxy']) expect(controlPlane).not.toContain(await key(name));
  });

  it('lets only root read private keys and the encryption keys on a node', async () => {
    const store = await openStore(await temporaryPki(), { mode: 'memory' });
    await store.ensure({ spec, nodes });
    for (const { content, path, mode } of store.nodeFiles({ spec, node: { name: 's4', role: 'control-plane' } })) {
      if (content.kind !== 'text') throw new Error(`${path} is not text`);
      const holdsSecret = /PRIVATE KEY|secret: /.test(content.text);
      expect(mode === 0o600, path).toBe(holdsSecret);
    }
  });

  it('refuses files of a node that was never ensured', async () => {
    const store = await openStore(await temporaryPki(), { mode: 'memory' });
    await store.ensure({ spec, nodes: nodes.slice(0, 1) });
    expect(() => store.nodeFiles({ spec, node: { name: 's9', role: 'worker' } })).toThrow(/s9/);
  });

  it('stops between two certificates when it is told to', async () => {
    const directory = await temporaryPki();
    const store = await openStore(directory);
    const stopped = store.ensure({ spec, nodes, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(store.ensure({ spec, nodes })).resolves.toMatchObject({
      created: expect.arrayContaining(['ca/etcd.crt']),
    });
  });

  it('completes a first run that lost power before the authorities were in place', async () => {
    const directory = await establishedPki();
    const before = await snapshot(directory);
    await rm(join(directory, 'ca'), { recursive: true });
    await rm(join(directory, 'leaves'), { recursive: true });
    await rm(join(directory, 'service-account.pub'));
    const report = await (await openStore(directory)).ensure({ spec, nodes });
    expect(report.created).toHaveLength(7);
    const after = await snapshot(directory);
    for (const kept of ['service-account.key', 'service-account.pub', 'encryption-keys.yaml']) {
      expect(after[join(directory, kept)], kept).toBe(before[join(directory, kept)]);
    }
  });

  it('makes a users’ CA beside a cluster that had none, and none in the place of one that was lost', async () => {
    const directory = await newPki();
    const recorded = await (await openStore(directory, { clusterExists: true })).fingerprints();
    const { usersAuthority: _, ...ofBefore } = recorded;
    await rm(join(directory, 'users-ca.pem'));
    const lost = await openStore(directory, { clusterExists: true, recorded });
    await expect(lost.ensure({ spec, nodes })).rejects.toMatchObject({
      code: 'users-ca-missing',
      exit: 5,
      hint: expect.stringContaining('users rotate-ca'),
    });
    const older = await openStore(directory, { clusterExists: true, recorded: ofBefore });
    expect((await older.ensure({ spec, nodes })).created).toEqual(['users-ca.pem']);
  });

  it('names the directory it cannot read', async () => {
    const directory = await establishedPki();
    await rm(join(directory, 'leaves'), { recursive: true });
    await writeFile(join(directory, 'leaves'), '');
    const opened = openStore(directory);
    await expect(opened).rejects.toMatchObject({
      code: 'pki-not-readable',
      exit: 2,
      message: expect.stringContaining(join(directory, 'leaves')),
    });
  });

  it('says when authorities come to their end, and shortens leaves to it', async () => {
    const directory = await establishedPki();
    const late = daysLater(3650 - 100);
    const report = await (await openStore(directory, { now: late, clusterExists: true })).ensure({ spec, nodes });
    expect(report.expiringAuthorities.map(({ id }) => id)).toEqual(['kubernetes', 'etcd', 'front-proxy', 'users']);
    const end = new Date(Math.floor(daysLater(3650).getTime() / 1000) * 1000);
    expect(report.expiringAuthorities[0]).toEqual({ id: 'kubernetes', notAfter: end });
    const nearEnd = daysLater(3650 - 10);
    const last = await (await openStore(directory, { now: nearEnd, clusterExists: true })).ensure({ spec, nodes });
    expect(last.renewed).toEqual([]);
    expect(NOW < nearEnd).toBe(true);
  });
});
