// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of the profiles look like this
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadProfiles } from '../../src/pki/profiles.js';

const PACKAGED = fileURLToPath(new URL('../../pki/', import.meta.url));

/** The packaged profiles with one text replaced. */
async function changed(file: string, from: string, to: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'k8s-diskless-profiles-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await cp(PACKAGED, directory, { recursive: true });
  const text = await readFile(join(directory, file), 'utf8');
  expect(text).toContain(from);
  await writeFile(join(directory, file), text.replace(from, to));
  return directory;
}

describe('loadProfiles', () => {
  it('finds the packaged profiles', async () => {
    const { authorities, leaves } = await loadProfiles();
    expect(Object.keys(authorities)).toEqual(['kubernetes', 'etcd', 'front-proxy']);
    expect(Object.keys(leaves)).toContain('kube-apiserver');
  });

  it('makes system:masters a group of the operator alone', async () => {
    const { leaves } = await loadProfiles();
    const masters = Object.entries(leaves).filter(([, { subject }]) =>
      subject.organizations.includes('system:masters'),
    );
    expect(masters.map(([id, { per }]) => [id, per])).toEqual([['admin', 'operator']]);
  });

  it.each([
    {
      flaw: 'an unknown key',
      file: 'leaves.yaml',
      from: 'usages: [serverAuth]',
      to: 'usage: [serverAuth]',
      says: 'usage',
    },
    { flaw: 'an unknown usage', file: 'leaves.yaml', from: '[serverAuth]', to: '[serverauth]', says: 'usages' },
    {
      flaw: 'an unknown placeholder',
      file: 'leaves.yaml',
      from: "'${api.address}'",
      to: "'${api.adress}'",
      says: '${api.address}',
    },
    { flaw: 'an unknown issuer', file: 'leaves.yaml', from: 'issuer: etcd', to: 'issuer: users', says: 'issuer' },
    {
      flaw: 'a missing authority',
      file: 'authorities.yaml',
      from: '  front-proxy:',
      to: '  proxy:',
      says: 'front-proxy',
    },
    { flaw: 'a readable key', file: 'leaves.yaml', from: 'mode: 0o600', to: 'mode: 0o640', says: '0o600' },
    {
      flaw: 'a readable authority key',
      file: 'authorities.yaml',
      from: 'mode: 0o600',
      to: 'mode: 0o644',
      says: '0o600',
    },
    {
      flaw: 'a path elsewhere',
      file: 'leaves.yaml',
      from: '/etc/kubernetes/pki/etcd/server.crt',
      to: '/etc/server.crt',
      says: 'path',
    },
    {
      flaw: 'a path that climbs',
      file: 'leaves.yaml',
      from: 'pki/etcd/server.crt',
      to: 'pki/../etcd/server.crt',
      says: 'path',
    },
    {
      flaw: 'a path given twice',
      file: 'leaves.yaml',
      from: 'pki/etcd/peer.crt',
      to: 'pki/etcd/server.crt',
      says: 'two entries',
    },
    {
      flaw: 'a server without names',
      file: 'leaves.yaml',
      from: "    sans: ['${node.name}', '${node.ip}']\n",
      to: '',
      says: 'SANs',
    },
    {
      flaw: "an operator's leaf of a node",
      file: 'leaves.yaml',
      from: 'k8s-diskless-operator',
      to: "'${node.name}'",
      says: 'operator',
    },
    {
      flaw: 'an operator leaf delivered to control planes',
      file: 'leaves.yaml',
      from: 'per: control-plane',
      to: 'per: operator',
      says: 'operator',
    },
  ])('refuses $flaw', async ({ file, from, to, says }) => {
    const loading = loadProfiles(await changed(file, from, to));
    await expect(loading).rejects.toMatchObject({
      code: 'pki-profiles-invalid',
      exit: 1,
      detail: expect.stringContaining(says),
    });
  });
});
