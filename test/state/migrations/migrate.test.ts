import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { migrated, RECORD_VERSION } from '../../../src/state/migrations/migrate.js';
import {
  readClusterRecord,
  readNodeRecords,
  writeClusterRecord,
  writeNodeRecords,
} from '../../../src/state/record-files.js';
import { type StateDir, stateDirAt } from '../../../src/state/state-dir.js';

/** Written by the last release whose records have version 1: many settings, three control planes and a worker. */
const FIXTURE = fileURLToPath(new URL('../fixtures/records-1', import.meta.url));
/** The same cluster, by one whose records have version 2. */
const FIXTURE_2 = fileURLToPath(new URL('../fixtures/records-2', import.meta.url));

let state: StateDir;
beforeEach(() => {
  state = stateDirAt(mkdtempSync(join(tmpdir(), 'migrate-')));
  cpSync(FIXTURE, state.root, { recursive: true });
});
afterEach(() => rmSync(state.root, { recursive: true }));

const textOf = (file: string): string => readFileSync(file, 'utf8');

async function recorded() {
  const record = await readClusterRecord(state);
  if (record === undefined) throw new Error('nothing is recorded');
  return record;
}

describe('records of version 1', () => {
  test('open as they were written, every value under the name it has today', async () => {
    const { version: _version, spec: before, ...rest } = parse(textOf(state.clusterFile));
    const { readyTimeoutMs, ssh, ...spec } = before;
    const { connectTimeoutMs, ...sshAsBefore } = ssh;
    expect([readyTimeoutMs, connectTimeoutMs]).toEqual([480_000, 500]);
    expect(await recorded()).toEqual({
      ...rest,
      operator: { id: rest.clusterId, generation: 1 },
      spec: {
        ...spec,
        readyTimeout: 480_000,
        ssh: { ...sshAsBefore, connectTimeout: 500 },
        backup: { keep: 24, keepDays: 30, copyPlain: false, copyKeep: 24, copyKeepDays: 30 },
      },
    });
  });

  test('stay as they are while nothing is written, and have the new form after the first write', async () => {
    const before = textOf(state.clusterFile);
    const record = await recorded();
    expect(textOf(state.clusterFile)).toBe(before);
    await writeClusterRecord(state, record);
    expect(parse(textOf(state.clusterFile))).toMatchObject({ version: 3, spec: { readyTimeout: 480_000 } });
    expect(await recorded()).toEqual(record);
    expect(readdirSync(state.root).toSorted()).toEqual(['cluster.yaml', 'nodes']);
  });

  test('of nodes open without a machine, each by itself: a write that was killed between them is none', async () => {
    const nodes = await readNodeRecords(state);
    expect([...nodes.keys()]).toEqual(['s4', 's5', 's6', 's7']);
    expect(nodes.get('s5')).toMatchObject({ nodeIp: '10.0.0.5', arch: 'x86_64' });
    const s5 = nodes.get('s5');
    if (s5 === undefined) throw new Error('s5 is not recorded');
    const known = { ...s5, machine: { macs: ['52:54:00:12:34:05'], uuid: '4c4c4544-0035-4d10-8052-b4c04f4d3332' } };
    await writeNodeRecords(state, [known]);
    expect(JSON.parse(textOf(join(state.nodes, 's5.json')))).toEqual({ version: 3, ...known });
    expect(JSON.parse(textOf(join(state.nodes, 's4.json')))).not.toHaveProperty('version');
    expect(await readNodeRecords(state)).toEqual(new Map([...nodes, ['s5', known]]));
  });

  test('a migration that was killed leaves the old one, which opens', async () => {
    const record = await recorded();
    writeFileSync(join(state.root, '.cluster.yaml.0123456789ab.tmp'), 'version: 2\nspec:\n  na');
    expect(await recorded()).toEqual(record);
    await writeClusterRecord(state, record);
    expect(await recorded()).toEqual(record);
  });

  test('what was damaged before is damaged still, at its place in the file', async () => {
    writeFileSync(
      state.clusterFile,
      textOf(state.clusterFile).replace('readyTimeoutMs: 480000', 'readyTimeoutMs: soon'),
    );
    await expect(recorded()).rejects.toMatchObject({
      code: 'state-damaged',
      detail: expect.stringContaining('spec.readyTimeout'),
    });
  });
});

test('records of version 2 are those of a first operator, whose ID all copies of them agree on', async () => {
  const first = await recorded();
  cpSync(FIXTURE_2, state.root, { recursive: true });
  const { version, ...before } = parse(textOf(state.clusterFile));
  expect(version).toBe(2);
  expect(await recorded()).toEqual({ ...before, operator: { id: before.clusterId, generation: 1 } });
  expect(await recorded()).toEqual(first);
  expect((await readNodeRecords(state)).get('s4')).toMatchObject({ machine: { macs: ['52:54:00:12:34:04'] } });
});

test.each([RECORD_VERSION + 1, 0, 1.5, 'two'])('version %s is not known, of a node either', async (version) => {
  expect(migrated('cluster', version, {})).toBeUndefined();
  writeFileSync(join(state.nodes, 's6.json'), JSON.stringify({ version, name: 's6' }));
  await expect(readNodeRecords(state)).rejects.toMatchObject({
    code: 'state-version',
    exit: 2,
    message: expect.stringContaining('s6.json has version'),
    hint: expect.stringContaining('use the k8s-diskless that wrote it'),
  });
});

test('a setting that a record does not hold gets its default; what a cluster is built on must be there', async () => {
  const text = textOf(state.clusterFile);
  writeFileSync(state.clusterFile, text.replace(/\n {2}taintControlPlane: true/, ''));
  expect((await recorded()).spec.taintControlPlane).toBe(false);
  writeFileSync(state.clusterFile, text.replace(/\n {4}podCidr: [^\n]+/g, ''));
  await expect(recorded()).rejects.toMatchObject({
    detail: expect.stringContaining('spec.network.podCidr is missing'),
  });
});
