import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import { snapshotStore } from '../../src/backup/snapshot-store.js';
import { chainProblem } from '../../src/changelog/chain-problem.js';
import { crc32c } from '../../src/changelog/crc32c.js';
import { frame } from '../../src/changelog/frames.js';
import { decodeRecord, encodeRecord, type LogRecord } from '../../src/changelog/log-record.js';
import { type LogStore, listSegments, logStore, prepareLog, sweepLog } from '../../src/changelog/log-store.js';
import { LogWriter } from '../../src/changelog/log-writer.js';
import { type Chain, readChain } from '../../src/changelog/read-chain.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { sampleSnapshot } from '../backup/samples.js';

let root: string;
let store: LogStore;
const { signal } = new AbortController();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-segments-'));
  store = logStore(snapshotStore(stateDirAt(root)));
  await prepareLog(store);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const change = (revision: number, value = `v${revision}`): LogRecord => ({
  kind: 'changes',
  from: revision,
  to: revision,
  at: 1_000 + revision,
  changes: [
    { kind: 'put', key: 'k\xff', value: Buffer.from(value) },
    { kind: 'delete', key: 'gone' },
  ],
});
const nothing = (from: number, to = from): LogRecord => ({ kind: 'nothing', from, to, at: 1_000 + to });
const SNAPSHOT = sampleSnapshot();

interface Writing {
  base?: SnapshotInfo;
  segmentBytes?: number;
}

function openAfter(after: number, { base = SNAPSHOT, segmentBytes = 10_000 }: Writing = {}): Promise<LogWriter> {
  const { clusterId, etcdClusterId, incarnation, id, sha256 } = base;
  return LogWriter.open({
    store,
    origin: { clusterId, etcdClusterId, incarnation, base: { id, sha256 } },
    after,
    segmentBytes,
  });
}

const onlySegment = (): string => join(store.directory, readdirSync(store.directory)[0] ?? '');

async function write(after: number, records: readonly LogRecord[], options?: Writing): Promise<void> {
  const writer = await openAfter(after, options);
  await writer.append(records);
  await writer.close();
}

async function read(snapshot = SNAPSHOT): Promise<Chain & { spans: string[] }> {
  const spans: string[] = [];
  const each = ({ kind, from, to }: LogRecord): void => void spans.push(`${kind} ${from}-${to}`);
  return { ...(await readChain({ store, snapshot, each, signal })), spans };
}

test('a checksum is that of iSCSI', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
});

test('a record comes back as it was', () => {
  for (const record of [change(7), nothing(7, 2 ** 45), { ...change(9, ''), changes: [] }])
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
});

describe('a chain', () => {
  test('is what was written, and revisions of which nothing is kept are one record', async () => {
    await write(100, [change(101), nothing(102), nothing(103), change(104), nothing(105)]);
    expect(await read()).toMatchObject({
      revision: 105,
      at: 1_105,
      hole: undefined,
      spans: ['changes 101-101', 'nothing 102-103', 'changes 104-104', 'nothing 105-105'],
    });
  });

  test('goes over segments, each durable and private', async () => {
    const records = Array.from({ length: 30 }, (_, index) => change(101 + index, 'x'.repeat(100)));
    const writer = await openAfter(100, { segmentBytes: 500 });
    for (const record of records) await writer.append([record]);
    await writer.close();
    expect((await listSegments(store)).length).toBeGreaterThan(3);
    expect((await read()).spans).toHaveLength(30);
    for (const name of readdirSync(store.directory))
      expect(statSync(join(store.directory, name)).mode & 0o777).toBe(0o600);
  });

  test('serves a later snapshot, too, and begins behind what that holds', async () => {
    await write(100, [change(101), nothing(102, 104), change(105)]);
    const later = await read(sampleSnapshot({ revision: '103', sha256: 'b'.repeat(64) }));
    expect([later.spans, later.revision]).toEqual([['nothing 102-104', 'changes 105-105'], 105]);
  });

  test('what is there twice counts once', async () => {
    await write(100, [change(101), change(102)]);
    await write(101, [change(102, 'same'), change(103)]);
    expect((await read()).spans).toEqual(['changes 101-101', 'changes 102-102', 'changes 103-103']);
  });

  test('ends before a hole, and tells of it', async () => {
    await write(100, [change(101)]);
    await write(102, [change(103)]);
    expect(await read()).toMatchObject({ revision: 101, hole: { after: 101, next: 103 }, spans: ['changes 101-101'] });
  });

  test('ends before a hole within a segment', async () => {
    await write(100, [change(101), change(103)]);
    const hole = { after: 101, next: undefined };
    expect(await read()).toMatchObject({ revision: 101, hole, spans: ['changes 101-101'] });
  });

  test('is none of another etcd, incarnation, cluster or file', async () => {
    for (const other of [
      { etcdClusterId: '18' },
      { incarnation: 3 },
      { clusterId: 'c2' },
      { sha256: 'c'.repeat(64) },
    ]) {
      await write(100, [change(101)], { base: sampleSnapshot({ ...other, id: '1-100' }) });
      expect(await read()).toMatchObject({ revision: 100, at: undefined, spans: [] });
    }
  });

  test('where a segment is cut it has whole records only, and is gone on with', async () => {
    await write(100, [change(101), change(102), nothing(103)]);
    const [name = ''] = readdirSync(store.directory);
    const path = join(store.directory, name);
    const whole = readFileSync(path);
    const headerBytes = 8 + whole.readUInt32BE(0);
    for (let bytes = whole.length; bytes >= headerBytes; bytes -= 1) {
      writeFileSync(path, whole);
      truncateSync(path, bytes);
      const { spans, revision, hole } = await read();
      expect([revision, hole]).toEqual([100 + spans.length, undefined]);
    }
    expect((await read()).spans).toEqual([]);
    writeFileSync(path, whole.subarray(0, whole.length - 1));
    await write(102, [change(103)]);
    expect((await read()).spans).toEqual(['changes 101-101', 'changes 102-102', 'changes 103-103']);
  });

  test('zeros to its end, as a power cut leaves them, are no hole', async () => {
    await write(100, [change(101), change(102, 'x'.repeat(3_000))]);
    const path = onlySegment();
    const whole = readFileSync(path);
    const second = whole.length - 3_200;
    for (const from of [whole.length, second + 700, second + 1_500]) {
      const cut = Buffer.concat([whole.subarray(0, from), Buffer.alloc(whole.length + 4_000 - from)]);
      writeFileSync(path, cut);
      expect(await read()).toMatchObject({ revision: from === whole.length ? 102 : 101, hole: undefined });
    }
  });

  test('a bit that is flipped anywhere makes no record of its own, and is a hole', async () => {
    await write(100, [change(101), nothing(102), change(103)]);
    const path = onlySegment();
    const whole = readFileSync(path);
    const { spans: all } = await read();
    const lastBytes = 8 + encodeRecord(change(103)).length;
    for (let at = 0; at < whole.length * 8; at += 13) {
      const damaged = Buffer.from(whole);
      const byte = Math.floor(at / 8);
      damaged[byte] = (damaged[byte] ?? 0) ^ (1 << (at % 8));
      writeFileSync(path, damaged);
      const { spans, hole, revision } = await read();
      expect(all.slice(0, spans.length)).toEqual(spans);
      expect(spans.length).toBeLessThan(all.length);
      // The last one's length, made longer, is what a cut looks like.
      const isLengthOfLast = byte >= whole.length - lastBytes && byte < whole.length - lastBytes + 4;
      if (!isLengthOfLast) expect(hole).toEqual({ after: revision, next: undefined });
    }
  });

  test('what is damaged is a hole until all of it is there again, and is never written over', async () => {
    await write(100, [change(101), change(102), change(103)]);
    const path = onlySegment();
    const damaged = readFileSync(path);
    const at = damaged.indexOf(frame(encodeRecord(change(101)))) + 12;
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    writeFileSync(path, damaged);
    expect(await read()).toMatchObject({ revision: 100, hole: { after: 100, next: undefined } });
    await write(100, [change(101), change(102)]);
    expect(await read()).toMatchObject({ revision: 102, hole: { after: 102, next: undefined } });
    await write(102, [change(103)]);
    expect(await read()).toMatchObject({ revision: 103, hole: undefined });
    expect(readFileSync(path)).toEqual(damaged);
  });

  test('one whose header is damaged is a hole, of its incarnation only', async () => {
    await write(100, [change(101)]);
    await write(101, [change(102)]);
    const path = join(store.directory, '1-102.log');
    const damaged = readFileSync(path);
    damaged[20] = 0;
    writeFileSync(path, damaged);
    expect(await read()).toMatchObject({ revision: 101, hole: { after: 101, next: undefined } });
    expect(await read(sampleSnapshot({ incarnation: 2 }))).toMatchObject({ revision: 100, hole: undefined });
    expect(await read(sampleSnapshot({ revision: '102' }))).toMatchObject({ revision: 102, hole: undefined });
  });
});

test('a log is no base for a restore where it has a hole, or a key is missing that it was encrypted with', async () => {
  const encrypted = change(101, 'k8s:enc:aescbc:v1:second:xyz');
  await write(100, [encrypted]);
  const problemWith = (...keys: string[]) =>
    chainProblem({ store, snapshot: SNAPSHOT, encryptionKeys: new Set(keys), signal });
  expect(await problemWith('first', 'second')).toBeUndefined();
  expect(await problemWith('first')).toMatchObject({ why: expect.stringContaining('encryption key second') });
  await write(102, [change(103)]);
  expect(await problemWith('second')).toMatchObject({ why: expect.stringContaining('after revision 101') });
  await write(101, [change(102), change(104)]);
  expect(await problemWith('second')).toMatchObject({ why: expect.stringContaining('is damaged') });
});

test('what a killed one left is swept', async () => {
  writeFileSync(join(store.directory, '.1-101.log.0123456789ab.tmp'), '');
  await write(100, [change(101)]);
  await sweepLog(store);
  expect(readdirSync(store.directory)).toEqual(['1-101.log']);
});

test('what it was given is synced when it says so', async () => {
  const writer = await openAfter(100);
  await writer.append([nothing(101)]);
  expect([writer.position, writer.synced, (await read()).revision]).toEqual([101, 100, 100]);
  await writer.sync();
  expect([writer.synced, (await read()).revision]).toEqual([101, 101]);
  await writer.close();
});
