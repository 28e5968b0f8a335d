import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { resolveSpec } from '../../src/config/resolve.js';
import {
  readClusterRecord,
  readJumpHosts,
  readNodeRecords,
  writeClusterRecord,
  writeJumpHosts,
  writeKubeconfig,
  writeNodeRecords,
} from '../../src/state/record-files.js';
import type { ClusterRecord, NodeRecord } from '../../src/state/records.js';
import { prepareStateDir, type StateDir, stateDirAt } from '../../src/state/state-dir.js';
import { OPERATOR } from '../helpers/sample-facts.js';

let state: StateDir;
beforeEach(async () => {
  state = stateDirAt(await mkdtemp(join(tmpdir(), 'records-')));
  await prepareStateDir(state);
});
afterEach(() => rm(state.root, { recursive: true }));

const yaml = `
hosts:
  - {name: s4, address: 10.0.0.4, port: 2222, labels: {rack: "01", gpu: "true"}, nodeIp: 10.0.0.4}
  - s[5-6]
network: {mtu: 1400}
apiServer: {extraArgs: {v: 2}, audit: {policy: /etc/audit.yaml}}
kubelet: {extraConfig: {evictionHard: {memory.available: 100Mi}}}
`;
const { spec } = resolveSpec({ file: parseConfig('c.yaml', yaml), flags: {}, defaults: { kubernetes: '1.37.2' } });
const record: ClusterRecord = {
  clusterId: '00e1',
  operator: OPERATOR,
  spec,
  etcd: {
    incarnation: 2,
    phase: 'bootstrapping',
    token: '0123',
    members: ['s4', 's5', 's6'],
    bootIds: { s4: '5f1e2d', s5: '1e6' },
  },
  pki: { authorities: { etcd: 'SHA256:e0=' }, serviceAccount: 'SHA256:50=', encryptionKeys: ['SHA256:4e='] },
};
const node: NodeRecord = {
  name: 's4',
  bootId: '7e0',
  hostKey: { type: 'ssh-ed25519', fingerprint: 'SHA256:abc' },
  nodeIp: '10.0.0.4',
  arch: 'amd64',
};

describe('what is written is read', () => {
  test('the cluster, also where YAML could take text for a number', async () => {
    await writeClusterRecord(state, record);
    expect(await readClusterRecord(state)).toEqual(record);
  });

  test('keys of jump hosts, by names that are none of a file', async () => {
    const keys = new Map([
      ['gate', node.hostKey],
      ['[10.0.0.1]:2222', { type: 'ssh-rsa', fingerprint: 'SHA256:def' }],
    ]);
    expect(await readJumpHosts(state)).toEqual(new Map());
    await writeJumpHosts(state, keys);
    expect(await readJumpHosts(state)).toEqual(keys);
    await writeFile(state.jumpHosts, '{"gate": "SHA256:abc"}');
    await expect(readJumpHosts(state)).rejects.toMatchObject({ code: 'state-damaged', hint: /^remove it/ });
  });

  test('how machines boot, which files of earlier releases do not hold', async () => {
    const boot = {
      os: 'fcos',
      rootSize: '75%',
      dhcp: { range: '10.0.0.100-10.0.0.200' },
      kernelArgs: ['quiet'],
    } as const;
    const booting = { ...record, spec: { ...spec, boot: { ...boot, kernelArgs: [...boot.kernelArgs] } } };
    await writeClusterRecord(state, booting);
    expect(await readClusterRecord(state)).toEqual(booting);
    const text = await readFile(state.clusterFile, 'utf8');
    await writeFile(state.clusterFile, text.replace(/\n {2}boot:(\n {4}.*)+/, ''));
    expect(await readClusterRecord(state)).toEqual(record);
  });

  test('how nodes are connected to, which files of earlier releases do not hold', async () => {
    const ssh = { configFile: '/etc/ssh/lab', user: 'core', connectTimeout: 500, hostKeyPolicy: 'strict' } as const;
    await writeClusterRecord(state, { ...record, spec: { ...spec, ssh } });
    expect((await readClusterRecord(state))?.spec.ssh).toEqual(ssh);
    const text = await readFile(state.clusterFile, 'utf8');
    await writeFile(state.clusterFile, text.replace('hostKeyPolicy: strict', 'hostKeyPolicy: lax'));
    await expect(readClusterRecord(state)).rejects.toMatchObject({
      detail: expect.stringContaining('spec.ssh.hostKeyPolicy'),
    });
    await writeFile(state.clusterFile, text.replace(/\n {2}ssh:(\n {4}.*)+/, ''));
    expect(await readClusterRecord(state)).toEqual(record);
  });

  test('for people: a word at the top, one value a line', async () => {
    await writeClusterRecord(state, record);
    const text = await readFile(state.clusterFile, 'utf8');
    expect(text).toMatch(/^# What k8s-diskless remembers of this cluster/);
    expect(text).toContain('\n  kubernetes: 1.37.2\n');
    expect(text).toContain('\n    - name: s5\n      role: control-plane\n');
  });

  test('the nodes', async () => {
    const other = { ...node, name: 's5' };
    await writeNodeRecords(state, [other, node]);
    await writeFile(join(state.nodes, '.s6.json.0123456789ab.tmp'), 'half a rec');
    expect([...(await readNodeRecords(state))]).toEqual([
      ['s4', node],
      ['s5', other],
    ]);
  });

  test('only the owner may read any of it', async () => {
    await writeClusterRecord(state, record);
    await writeNodeRecords(state, [node]);
    await writeKubeconfig(state, 'apiVersion: v1\n');
    for (const file of [state.clusterFile, state.kubeconfig, join(state.nodes, 's4.json')]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
    expect(await readFile(state.kubeconfig, 'utf8')).toBe('apiVersion: v1\n');
  });

  test('keys of a later release are not lost', async () => {
    const later = { ...record, snapshots: { newest: 7 }, spec: { ...spec, oidc: { issuer: 'x' } } };
    await writeClusterRecord(state, later);
    const read = await readClusterRecord(state);
    if (read) await writeClusterRecord(state, read);
    expect(await readClusterRecord(state)).toEqual(later);
  });
});

describe('reading creates nothing', () => {
  test('of a directory that is not there', async () => {
    const missing = stateDirAt(join(state.root, 'none'));
    expect(await readClusterRecord(missing)).toBeUndefined();
    expect((await readNodeRecords(missing)).size).toBe(0);
    expect(await readdir(state.root)).not.toContain('none');
  });
});

describe('what is damaged is named, and left as it is', () => {
  const damages: [string, (text: string) => string, string][] = [
    ['cut in the middle', (text) => text.slice(0, text.indexOf('    - name: s5')), 'cluster.yaml:3:1 etcd is missing'],
    ['empty', () => '', 'cluster.yaml:1:1 the file must be a mapping, not nothing'],
    ['not YAML', (text) => text.replace('spec:', 'spec: ]'), 'cluster.yaml:8:7'],
    ['zeros', (text) => '\0'.repeat(text.length), 'cluster.yaml:1:1'],
    [
      'a wrong role',
      (text) => text.replace('role: worker', 'role: boss').replace('role: control-plane', 'role: boss'),
      'role',
    ],
    ['no pod CIDR', (text) => text.replace(/ +podCidr: 10\.244\.1\.0\/24\n/, ''), 'spec.nodes[1].podCidr is missing'],
    ['a name that leaves the directory', (text) => text.replace('name: s5', 'name: ../s5'), 'spec.nodes[1].name'],
  ];

  test.each(damages)('%s', async (_case, damage, place) => {
    await writeClusterRecord(state, record);
    const damaged = damage(await readFile(state.clusterFile, 'utf8'));
    await writeFile(state.clusterFile, damaged);
    await expect(readClusterRecord(state)).rejects.toMatchObject({
      code: 'state-damaged',
      exit: 2,
      message: `${state.clusterFile} is damaged`,
      detail: expect.stringContaining(place),
      hint: expect.stringContaining('repair it by hand'),
    });
    expect(await readFile(state.clusterFile, 'utf8')).toBe(damaged);
  });

  test('a record of a later version', async () => {
    await writeFile(state.clusterFile, 'version: 4\ncluster: {}\n');
    await expect(readClusterRecord(state)).rejects.toMatchObject({
      code: 'state-version',
      exit: 2,
      message: `${state.clusterFile} has version 4, and this k8s-diskless knows those up to 3`,
    });
  });

  test('a node', async () => {
    const file = join(state.nodes, 's4.json');
    await writeFile(file, '{"name": "s4"');
    await expect(readNodeRecords(state)).rejects.toMatchObject({
      code: 'state-damaged',
      message: `${file} is damaged`,
      hint: expect.stringContaining('remove it'),
    });
  });

  test('a directory in place of a file', async () => {
    await rm(state.nodes, { recursive: true });
    await writeFile(state.nodes, '');
    await expect(readNodeRecords(state)).rejects.toMatchObject({ code: 'state-not-usable', exit: 2 });
    await expect(writeNodeRecords(state, [node])).rejects.toMatchObject({ code: 'state-not-usable', exit: 2 });
  });
});
