import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { scriptText } from '../../../src/node/script-text.js';
import { BUMP, etcdBinaries, etcdutlStatus } from '../../etcd-file/etcd-tools.js';
import { fixture } from '../../etcd-file/fixture.js';

/* The node's script, with the real etcdutl over a real snapshot. */

const OWNER = 'c1 2 voter token begun';
const DATABASE = fixture('snapshot-3.7');
let binaries: string;
let etcdutl: Buffer;
let root: string;

beforeAll(async () => {
  binaries = await etcdBinaries('3.7');
  etcdutl = readFileSync(join(binaries, 'etcdutl'));
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-restore-'));
  mkdirSync(join(root, 'etcd'));
  marked(OWNER);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const marked = (owner: string): void => writeFileSync(join(root, 'etcd/k8s-diskless'), `${owner}\n`);
const shaOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const member = (): string => join(root, 'etcd/member');
const scratch = (): string => join(root, 'etcd/restore');

/** Both under the names that the script is told; `name` is what they are called in the archive. */
function archiveOf(
  tool: Buffer,
  snapshot: Buffer,
  { name = shaOf }: { name?: (bytes: Buffer) => string } = {},
): Buffer {
  const directory = mkdtempSync(join(root, 'archive-'));
  for (const bytes of [tool, snapshot]) writeFileSync(join(directory, name(bytes)), bytes);
  return execFileSync('tar', ['-czf', '-', '-C', directory, '.'], { maxBuffer: 2 ** 30 });
}

function argsOf({ tool = etcdutl, snapshot = DATABASE, bump = String(BUMP) } = {}): string[] {
  const paths = [join(root, 'etcd'), join(root, 'lock'), OWNER, scratch()];
  const files = ['gzip', shaOf(tool), shaOf(snapshot)];
  const about = ['s4', 's4=https://10.0.0.4:2380,s5=https://10.0.0.5:2380', 'token', 'https://10.0.0.4:2380', bump];
  return ['-c', scriptText('restore-etcd-data.bash'), 'restore-etcd-data', ...paths, ...files, ...about];
}

function restore(archive: Buffer, given: { tool?: Buffer; snapshot?: Buffer; bump?: string } = {}) {
  return spawnSync('bash', argsOf(given), { input: archive, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

test('makes the data directory of a member, leaves nothing beside it, and finds its work done', () => {
  const archive = archiveOf(etcdutl, DATABASE);
  mkdirSync(join(scratch(), 'half/made'), { recursive: true });
  expect(restore(archive)).toMatchObject({ status: 0, stdout: 'restored\n' });
  expect(existsSync(join(member(), 'snap/db'))).toBe(true);
  expect(existsSync(join(member(), 'wal'))).toBe(true);
  expect(existsSync(scratch())).toBe(false);
  const made = readFileSync(join(member(), 'snap/db'));
  expect(restore(archive)).toMatchObject({ status: 0, stdout: 'present\n' });
  expect(readFileSync(join(member(), 'snap/db')).equals(made)).toBe(true);
});

test.each([BUMP, 7 * BUMP])('what it makes has all keys, at revisions that are raised by %i', (bump) => {
  const stored = join(root, 'snapshot.db');
  writeFileSync(stored, DATABASE);
  const made = restore(archiveOf(etcdutl, DATABASE), { bump: String(bump) });
  expect(made).toMatchObject({ status: 0, stdout: 'restored\n' });
  const [before, after] = [stored, join(member(), 'snap/db')].map((path) => etcdutlStatus(binaries, path));
  expect(after?.revision).toBe((before?.revision ?? 0) + bump);
  // The mark of the raised revision is one more.
  expect(after?.totalKey).toBe((before?.totalKey ?? 0) + 1);
});

test('a directory that is claimed for something else while the archive comes is left as it is', () => {
  // In the place of etcdutl: who claims it in the meantime.
  const other = 'c1 3 voter other begun';
  const tool = Buffer.from(
    `#!/bin/bash\nmkdir -p "\${0%/*}/data/member" && echo '${other}' >${join(root, 'etcd/k8s-diskless')}\n`,
  );
  const { status, stdout } = restore(archiveOf(tool, DATABASE), { tool });
  expect({ status, stdout }).toEqual({ status: 0, stdout: `claimed ${other}\n` });
  expect([existsSync(member()), existsSync(scratch())]).toEqual([false, false]);
});

test('changes nothing where the directory is claimed for something else', () => {
  marked('c1 3 voter other begun');
  const { status, stdout } = restore(archiveOf(etcdutl, DATABASE));
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'claimed c1 3 voter other begun\n' });
  expect(existsSync(member())).toBe(false);
});

test('what comes damaged, or breaks off, is made into nothing', () => {
  const other = Buffer.from(DATABASE);
  other[100] = (other[100] ?? 0) ^ 1;
  const name = (bytes: Buffer): string => shaOf(bytes === other ? DATABASE : bytes);
  const damaged = archiveOf(etcdutl, other, { name });
  expect(restore(damaged).status).not.toBe(0);
  const whole = archiveOf(etcdutl, DATABASE);
  for (const share of [0, 0.3, 0.99]) expect(restore(whole.subarray(0, whole.length * share)).status).not.toBe(0);
  expect(existsSync(member())).toBe(false);
});

test('says what etcdutl said', () => {
  const none = Buffer.from('no database');
  const { status, stderr } = restore(archiveOf(etcdutl, none), { snapshot: none });
  expect(status).toBe(1);
  expect(stderr).not.toBe('');
  expect([existsSync(member()), existsSync(scratch())]).toEqual([false, false]);
});

test('two at once, as after a lost connection: one makes it, the other finds it made', async () => {
  const archive = archiveOf(etcdutl, DATABASE);
  const each = [0, 1].map(async () => {
    const child = spawn('bash', argsOf());
    child.stdin.end(archive);
    const said = text(child.stdout);
    const [code] = await once(child, 'close');
    return `${code} ${await said}`;
  });
  expect((await Promise.all(each)).toSorted()).toEqual(['0 present\n', '0 restored\n']);
  expect([existsSync(join(member(), 'wal')), existsSync(scratch())]).toEqual([true, false]);
});
