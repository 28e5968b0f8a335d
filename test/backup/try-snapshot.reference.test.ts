import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { countedFrom } from '../../src/backup/try-snapshot.js';
import { scriptText } from '../../src/node/script-text.js';
import { etcdBinaries } from '../etcd-file/etcd-tools.js';
import { fixture } from '../etcd-file/fixture.js';

/* The node's script, with the real etcdutl and etcd over a real snapshot. */

const DATABASE = fixture('snapshot-3.7');
let binaries: string;
let etcdutl: Buffer;
let root: string;

beforeAll(async () => {
  binaries = await etcdBinaries('3.7');
  etcdutl = readFileSync(join(binaries, 'etcdutl'));
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-try-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const shaOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const scratch = (): string => join(root, 'try');

function archiveOf(...files: Buffer[]): Buffer {
  const directory = mkdtempSync(join(root, 'archive-'));
  for (const bytes of files) writeFileSync(join(directory, shaOf(bytes)), bytes);
  return execFileSync('tar', ['-czf', '-', '-C', directory, '.'], { maxBuffer: 2 ** 30 });
}

interface Given {
  snapshot?: Buffer;
  bytes?: number;
  etcd?: string;
}

function argsOf({ snapshot = DATABASE, bytes = snapshot.length, etcd = join(binaries, 'server') }: Given = {}) {
  const args = [scratch(), 'gzip', shaOf(etcdutl), shaOf(snapshot), `${bytes}`, etcd];
  return ['-c', scriptText('try-snapshot.bash'), 'try-snapshot', ...args];
}

const tried = (given: Given = {}) =>
  spawnSync('bash', argsOf(given), {
    input: archiveOf(etcdutl, given.snapshot ?? DATABASE),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });

test('serves all that the snapshot has, and leaves nothing', () => {
  const { status, stdout, stderr } = tried();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  // As the file itself says: see the fixture's test.
  expect(countedFrom(stdout)).toMatchObject({ keys: 133, objects: 123 });
  expect(existsSync(scratch())).toBe(false);
});

test('changes nothing where there is no room', () => {
  const { status, stdout } = tried({ bytes: 2 ** 50 });
  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`^no-room ${2 ** 51 + 2 ** 26} \\d+\\n$`));
  expect(existsSync(scratch())).toBe(false);
});

test('says why it cannot be restored, or served, and leaves nothing', () => {
  const damaged = Buffer.from(DATABASE);
  damaged.fill(1, 20_000, 20_016);
  const unrestorable = tried({ snapshot: damaged });
  expect(unrestorable.status).toBe(1);
  expect(unrestorable.stderr).toMatch(/sha256|hash/i);
  const dead = tried({ etcd: '/bin/false' });
  expect({ status: dead.status, stdout: dead.stdout }).toEqual({ status: 1, stdout: '' });
  expect(existsSync(scratch())).toBe(false);
});

test('is cleaned up behind where it is killed', async () => {
  // In the place of etcd: what never serves.
  const etcd = join(root, 'etcd');
  writeFileSync(etcd, '#!/bin/bash\nexec sleep 1000\n', { mode: 0o755 });
  const child = spawn('bash', argsOf({ etcd }), { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.end(archiveOf(etcdutl, DATABASE));
  const pidFile = () =>
    existsSync(scratch()) ? readdirSync(scratch()).map((name) => join(scratch(), name, 'pid'))[0] : undefined;
  await until(() => existsSync(pidFile() ?? '/none') && readFileSync(pidFile() ?? '', 'utf8') !== '');
  const pid = Number(readFileSync(pidFile() ?? '', 'utf8'));
  child.kill('SIGKILL');
  await until(() => !existsSync(scratch()));
  expect(isRunning(pid)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What a shell does has no event for us. */
async function until(passes: () => boolean): Promise<void> {
  while (!passes()) await delay(50);
}
