import type { Migration, RawRecord } from './migration.js';

/** Settings have the names of the config file; the time for components to work is recorded like every other default. */
export const oneToTwo: Migration = {
  cluster: (record) => ({ ...record, ...inside(record, 'spec', specToTwo) }),
  /** Records of nodes had no version; the machine itself is not known before the next contact. */
  node: (record) => record,
};

function specToTwo(spec: RawRecord): RawRecord {
  const renamed = rename(spec, 'readyTimeoutMs', 'readyTimeout');
  return { ...renamed, ...inside(renamed, 'ssh', (ssh) => rename(ssh, 'connectTimeoutMs', 'connectTimeout')) };
}

function inside(record: RawRecord, key: string, change: (value: RawRecord) => RawRecord): RawRecord {
  const value = record[key];
  return isRecord(value) ? { [key]: change(value) } : {};
}

function rename(record: RawRecord, from: string, to: string): RawRecord {
  const { [from]: value, ...rest } = record;
  return value === undefined ? rest : { ...rest, [to]: value };
}

function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
