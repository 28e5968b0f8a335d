import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { beforeEach, describe, expect, it } from 'vitest';
import { copiesStatus } from '../../src/backup/copies-record.js';
import { copySnapshots } from '../../src/backup/copy-snapshots.js';
import { copyToCommand } from '../../src/backup/copy-to-command.js';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import { databasePath, prepareStore, snapshotStore, writeSidecar } from '../../src/backup/snapshot-store.js';
import type { BackupSpec } from '../../src/config/spec.js';
import { filesOf } from '../../src/sealed/tar-read.js';
import { unseal } from '../../src/sealed/unseal.js';
import { type StateDir, stateDirAt } from '../../src/state/state-dir.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { sampleSpec } from '../helpers/sample-facts.js';
import { all, inParts } from '../sealed/bytes.js';
import { sampleSnapshot } from './samples.js';

const BODY = Buffer.alloc(200 * 512, 'x');
const DATABASE = Buffer.concat([BODY, createHash('sha256').update(BODY).digest()]);
const sha256 = createHash('sha256').update(BODY).digest('hex');
const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-30T12:00:00Z');

let state: StateDir;
let slept: number[];
let now: number;
beforeEach(async () => {
  state = stateDirAt(temporaryDirectory());
  await prepareStore(snapshotStore(state));
  slept = [];
  now = NOW;
});

async function keep(revision: number, takenAt = NOW - HOUR): Promise<SnapshotInfo> {
  const at = new Date(takenAt).toISOString();
  const info = sampleSnapshot({ revision: `${revision}`, sizeBytes: DATABASE.length, sha256, takenAt: at });
  const store = snapshotStore(state);
  writeFileSync(databasePath(store, info.id), DATABASE);
  await writeSidecar(store, info);
  return info;
}

const settings = (changes: Partial<BackupSpec>): BackupSpec => ({
  ...sampleSpec().backup,
  copyPlain: true,
  ...changes,
});
const run = (changes: Partial<BackupSpec>, onSleep?: () => void) =>
  copySnapshots({
    state,
    owner: { cluster: 'default', clusterId: 'c1' },
    settings: settings(changes),
    env: process.env,
    now: () => new Date(now),
    sleep: async (ms) => {
      slept.push(ms);
      onSleep?.();
    },
    signal: new AbortController().signal,
  });

describe('copies in a folder', () => {
  it('are all that is kept, private, and made once', async () => {
    const folder = temporaryDirectory();
    await keep(100);
    await keep(200);
    expect(await run({ copyTo: folder })).toBeUndefined();
    const names = ['default.c1.1-100.20261130T110000Z.tar', 'default.c1.1-200.20261130T110000Z.tar'];
    expect(readdirSync(folder).toSorted()).toEqual(names);
    const [path = ''] = names.map((name) => join(folder, name));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { mtimeMs } = statSync(path);
    expect(await run({ copyTo: folder })).toBeUndefined();
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    // One that is missing is made up for.
    rmSync(path);
    await run({ copyTo: folder });
    expect(existsSync(path)).toBe(true);
    expect(await copiesStatus(state, folder)).toMatchObject({ newest: { id: '1-200' }, failure: undefined });
  });

  it('are sealed to recipients', async () => {
    const folder = temporaryDirectory();
    const identity = await generateX25519Identity();
    await keep(100);
    await run({ copyTo: folder, copyPlain: false, recipients: [await identityToRecipient(identity)] });
    const [name = ''] = readdirSync(folder);
    expect(name).toMatch(/\.tar\.age$/);
    const chunks = inParts(readFileSync(join(folder, name)));
    const found: string[] = [];
    for await (const file of filesOf(unseal({ file: name, chunks, key: { identities: [identity] } })))
      found.push(file.name);
    expect(found).toEqual(['1-100.json', '1-100.db']);
  });

  it('go by a retention of their own, which touches nothing else', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'default.c2.1-1.20200101T000000Z.tar'), 'of another cluster');
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    for (const revision of [100, 200]) await keep(revision);
    await run({ copyTo: folder, copyKeep: 2 });
    for (const revision of [300, 400]) await keep(revision);
    await run({ copyTo: folder, copyKeep: 2 });
    expect(readdirSync(folder).toSorted()).toEqual([
      'default.c1.1-300.20261130T110000Z.tar',
      'default.c1.1-400.20261130T110000Z.tar',
      'default.c2.1-1.20200101T000000Z.tar',
      'notes.txt',
    ]);
    // Those that it would let go at once are not brought back.
    expect(await run({ copyTo: folder, copyKeep: 2 })).toBeUndefined();
    expect(readdirSync(folder)).toHaveLength(4);
  });

  it('that is not there is never made: it may be a disk that is not mounted', async () => {
    const folder = join(temporaryDirectory(), 'mnt');
    await keep(100);
    expect(await run({ copyTo: folder })).toMatchObject({ code: 'copy-folder' });
    expect(existsSync(folder)).toBe(false);
    const status = await copiesStatus(state, folder);
    expect(status).toMatchObject({ newest: undefined, failure: { at: new Date(NOW) } });
    mkdirSync(folder);
    now += HOUR;
    expect(await run({ copyTo: folder })).toBeUndefined();
    expect(await copiesStatus(state, folder)).toMatchObject({ newest: { id: '1-100' }, failure: undefined });
  });

  it('do not hold one that is damaged here, nor keep the others from it', async () => {
    const folder = temporaryDirectory();
    await keep(100);
    const { id } = await keep(200);
    const damaged = Buffer.from(DATABASE);
    damaged.fill('y', 0, 9);
    writeFileSync(databasePath(snapshotStore(state), id), damaged);
    expect(await run({ copyTo: folder })).toMatchObject({ code: 'snapshot-damaged' });
    expect(slept).toEqual([]);
    expect(readdirSync(folder)).toEqual(['default.c1.1-100.20261130T110000Z.tar']);
  });
});

describe('copies given to a command', () => {
  const into = (folder: string, script = 'cat > "$1/$K8S_DISKLESS_COPY_NAME"') => ['sh', '-c', script, 'sh', folder];

  it('arrive whole, with a name, once each', async () => {
    const folder = temporaryDirectory();
    await keep(100);
    const copyTo = into(folder);
    expect(await run({ copyTo })).toBeUndefined();
    const path = join(folder, 'default.c1.1-100.20261130T110000Z.tar');
    const files: Record<string, Buffer> = {};
    for await (const { name, content } of filesOf(inParts(readFileSync(path)))) files[name] = await all(content);
    expect(files['1-100.db']?.equals(DATABASE)).toBe(true);
    rmSync(path);
    await keep(200);
    await run({ copyTo });
    expect(readdirSync(folder)).toEqual(['default.c1.1-200.20261130T110000Z.tar']);
    expect(await copiesStatus(state, copyTo)).toMatchObject({ newest: { id: '1-200' } });
    // Another command has none of them.
    expect(await copiesStatus(state, into('/elsewhere'))).toMatchObject({ newest: undefined });
  });

  it('are tried again with a growing pause, then told of', async () => {
    await keep(100);
    const failing = into('/', 'cat > /dev/null; echo no route >&2; exit 7');
    const problem = await run({ copyTo: failing });
    expect(problem).toMatchObject({ code: 'copy-command', detail: 'no route' });
    expect(problem?.message).toBe('sh did not take the copy: it ended with 7');
    expect(slept).toEqual([1_000, 4_000]);
    const folder = temporaryDirectory();
    const script = 'test -e "$1/ready" || exit 1; cat > "$1/copy"';
    slept = [];
    const ready = () => writeFileSync(join(folder, 'ready'), '');
    expect(await run({ copyTo: into(folder, script) }, ready)).toBeUndefined();
    expect(slept).toEqual([1_000]);
  });

  it('are told of where there is no such program', async () => {
    await keep(100);
    expect((await run({ copyTo: ['/none/program'] }))?.message).toContain('it does not start (ENOENT)');
  });

  it('are none where the program ends before it has read all of it', async () => {
    const target = copyToCommand({ command: ['sh', '-c', 'exit 0'], env: process.env, given: [], stallMs: 60_000 });
    // More than a pipe holds: what fits into one, the program may have read.
    const error = await rejection(target.put('x', inParts(Buffer.alloc(2_000_000)), new AbortController().signal));
    expect(error.message).toContain('it ended before it had read all of it');
  });

  it('that break off here are not taken for whole ones', async () => {
    const folder = temporaryDirectory();
    const command = into(folder, 'cat > "$1/part" && mv "$1/part" "$1/whole"');
    const target = copyToCommand({ command, env: process.env, given: [], stallMs: 60_000 });
    async function* broken() {
      yield DATABASE;
      throw new Error('broke off');
    }
    await expect(target.put('x', broken(), new AbortController().signal)).rejects.toThrow('broke off');
    expect(existsSync(join(folder, 'whole'))).toBe(false);
  });

  it('that take nothing any more are ended', async () => {
    const target = copyToCommand({ command: ['sleep', '1000'], env: process.env, given: [], stallMs: 50 });
    const error = await rejection(target.put('x', inParts(Buffer.alloc(2_000_000)), new AbortController().signal));
    expect(error).toMatchObject({ code: 'copy-command', message: expect.stringContaining('it took nothing for') });
  });
});

it('nothing is asked where no copies are to be made', async () => {
  await keep(100);
  expect(await run({})).toBeUndefined();
  expect(existsSync(state.copies)).toBe(false);
  expect(await copiesStatus(state, undefined)).toBeUndefined();
});
