import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { schemaProblems } from '../config/schema-problems.js';
import { parseYaml } from '../config/yaml-source.js';
import { type DisklessError, usageError } from '../errors.js';
import { replaceFile, syncDirectory, TEMPORARY_FILE, WRITERS, writeFileAtomic } from './atomic-write.js';
import { migrated, RECORD_VERSION } from './migrations/migrate.js';
import type { RawRecord, RecordKind } from './migrations/migration.js';
import { clusterRecordSchema, jumpHostsSchema, nodeRecordSchema } from './record-schema.js';
import type { ClusterRecord, NodeRecord } from './records.js';
import type { StateDir } from './state-dir.js';
import { stateError } from './state-error.js';

const PRIVATE = 0o600;
const HEADER = `# What k8s-diskless remembers of this cluster: its spec with everything that was decided, and the life of its etcd.
# Every run writes it anew. To change the cluster, change the flags or the config file, not this.
`;

/** undefined when nothing is recorded; creates nothing. @throws usage error naming the file when it is damaged */
export async function readClusterRecord(state: StateDir): Promise<ClusterRecord | undefined> {
  const hint = `repair it by hand, or put a copy back; ${state.root} stays as it is until then`;
  return readRecord({ file: state.clusterFile, schema: clusterRecordSchema, hint, kind: 'cluster' });
}

export async function writeClusterRecord(state: StateDir, record: ClusterRecord): Promise<void> {
  const yaml =
    HEADER + stringify({ version: RECORD_VERSION, ...record }, { lineWidth: 0, aliasDuplicateObjects: false });
  await write(state.clusterFile, yaml);
}

/** By node name; empty when nothing is recorded; creates nothing. */
export async function readNodeRecords(state: StateDir): Promise<Map<string, NodeRecord>> {
  const names = await orMissing(state.nodes, readdir(state.nodes));
  const files = (names ?? []).filter((name) => name.endsWith('.json') && !TEMPORARY_FILE.test(name)).sort();
  const records = await Promise.all(
    files.map((name) => {
      const file = join(state.nodes, name);
      const hint = 'remove it: it holds what the node last was, and is written anew at the next contact';
      return readRecord({ file, schema: nodeRecordSchema, hint, kind: 'node' });
    }),
  );
  return new Map(records.flatMap((record) => (record ? [[record.name, record] as const] : [])));
}

export async function writeNodeRecords(state: StateDir, records: readonly NodeRecord[]): Promise<void> {
  const limit = pLimit(WRITERS);
  const replace = async (record: NodeRecord): Promise<void> => {
    const file = join(state.nodes, `${record.name}.json`);
    await orUnusable(
      file,
      replaceFile(file, `${JSON.stringify({ version: RECORD_VERSION, ...record }, null, 2)}\n`, PRIVATE),
    );
  };
  await Promise.all(records.map((record) => limit(() => replace(record))));
  await orUnusable(state.nodes, syncDirectory(state.nodes));
}

/** By their names in known_hosts; empty when nothing is recorded; creates nothing. */
export async function readJumpHosts({ jumpHosts: file }: StateDir): Promise<Map<string, NodeRecord['hostKey']>> {
  const hint = 'remove it: it holds the keys of jump hosts, each of which is then believed anew at its next contact';
  return new Map(Object.entries((await readRecord({ file, schema: jumpHostsSchema, hint })) ?? {}));
}

export async function writeJumpHosts(
  { jumpHosts: file }: StateDir,
  keys: ReadonlyMap<string, NodeRecord['hostKey']>,
): Promise<void> {
  await write(file, `${JSON.stringify(Object.fromEntries(keys), null, 2)}\n`);
}

export async function writeKubeconfig(state: StateDir, kubeconfig: string): Promise<void> {
  await write(state.kubeconfig, kubeconfig);
}

async function write(file: string, content: string): Promise<void> {
  await orUnusable(file, writeFileAtomic(file, content, PRIVATE));
}

async function orUnusable(path: string, writing: Promise<void>): Promise<void> {
  await writing.catch((error: unknown) => {
    throw stateError(path, error);
  });
}

interface RecordFile<T> {
  file: string;
  schema: z.ZodType<T>;
  /** What to do about a damaged one. */
  hint: string;
  /** Of records with versions. */
  kind?: RecordKind;
}

/**
 * JSON is YAML too, so that both kinds of files get places in their errors. What an older release wrote is brought into
 * today's form in memory; the file changes with the next write.
 */
async function readRecord<T>({ file, schema, hint, kind }: RecordFile<T>): Promise<T | undefined> {
  const text = await orMissing(file, readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const source = parseYaml(file, text);
  if (source.problems.length > 0) throw damaged(file, source.problems, hint);
  const value = kind === undefined ? source.value : inTodaysForm(file, kind, source.value);
  const { success, data, error } = schema.safeParse(value, { reportInput: true });
  if (success) return data;
  const lines = schemaProblems(schema, error.issues).map(({ path, message }) => `${source.place(path)} ${message}`);
  throw damaged(file, lines, hint);
}

function damaged(file: string, lines: readonly string[], hint: string): DisklessError {
  return usageError({ code: 'state-damaged', message: `${file} is damaged`, detail: lines.join('\n'), hint });
}

/** Without the version, which is the file's and not the record's. */
function inTodaysForm(file: string, kind: RecordKind, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { version = 1, ...record } = value as RawRecord;
  const today = migrated(kind, version, record);
  if (today !== undefined) return today;
  throw usageError({
    code: 'state-version',
    message: `${file} has version ${JSON.stringify(version)}, and this k8s-diskless knows those up to ${RECORD_VERSION}`,
    hint: 'use the k8s-diskless that wrote it, or a newer one',
  });
}

async function orMissing<T>(path: string, reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw stateError(path, error);
  });
}
