import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import { listSnapshots, type SnapshotStore, snapshotStore, writeSidecar } from '../../src/backup/snapshot-store.js';
import { PkiStore } from '../../src/pki/store.js';
import { seal } from '../../src/sealed/seal.js';
import { tarOf } from '../../src/sealed/tar-write.js';
import { writeOut } from '../../src/sealed/write-out.js';
import { acquireLock } from '../../src/state/lock.js';
import { writeClusterRecord } from '../../src/state/record-files.js';
import { sampleSnapshot } from '../backup/samples.js';
import { fixture } from '../etcd-file/fixture.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';
import { inParts } from '../sealed/bytes.js';
import { createOperator, type Operator } from './cli.js';
import { recordSample } from './recorded-state.js';

const DATABASE = fixture('snapshot-3.7');
const SHA = createHash('sha256').update(DATABASE.subarray(0, -32)).digest('hex');

/** A recorded cluster with its PKI and these snapshots. */
async function recorded(operator: Operator, ...revisions: string[]): Promise<SnapshotStore> {
  const state = await recordSample(operator.stateDir);
  const pki = await PkiStore.open({ directory: state.pki, mode: 'persistent', clusterExists: false });
  await pki.ensure({ spec: sampleSpec(), nodes: [] });
  const etcd = { incarnation: 1, phase: 'bootstrapped' as const, token: 'c1-1', members: ['s4'], bootIds: {} };
  await writeClusterRecord(state, {
    clusterId: 'c1',
    operator: OPERATOR,
    spec: sampleSpec(),
    etcd,
    pki: await pki.fingerprints(),
  });
  const store = snapshotStore(state);
  mkdirSync(store.directory);
  for (const revision of revisions) {
    const info = sampleSnapshot({
      revision,
      sizeBytes: DATABASE.length,
      sha256: SHA,
      takenAt: new Date().toISOString(),
    });
    writeFileSync(join(store.directory, `${info.id}.db`), DATABASE);
    await writeSidecar(store, info);
  }
  return store;
}

/** Resolves when somebody who wants the store's lock has made ready to take it. */
async function claimOf({ directory }: SnapshotStore): Promise<void> {
  for await (const { filename } of watch(directory)) if (filename?.startsWith('.lock-')) return;
}

const words = ({ stdout, stderr }: { stdout: string; stderr: string }): string =>
  `${stdout}${stderr}`.replaceAll(/\s+/g, ' ');

describe('backups', () => {
  it('lists none, and says how there will be some', async () => {
    const operator = createOperator();
    await recorded(operator);
    const listed = await operator.run(['backups']);
    expect(listed.exit).toBe(0);
    expect(words(listed)).toContain('No snapshot is kept. up takes one whenever it changed something');
  });

  it('lists the newest first; --output json has what is wrong with each', async () => {
    const operator = createOperator();
    await recorded(operator, '9', '100');
    const { exit, stdout } = await operator.run(['backups', '--output', 'json']);
    expect(exit).toBe(0);
    const { v, backups } = JSON.parse(stdout);
    expect({ v, ids: backups.map(({ id }: { id: string }) => id) }).toEqual({ v: 1, ids: ['1-100', '1-9'] });
    expect(backups[0].problems).toEqual([]);
  });

  it('ends with 4 where one is damaged, and verify names it', async () => {
    const operator = createOperator();
    const store = await recorded(operator, '9', '100');
    writeFileSync(join(store.directory, '1-9.db'), 'cut');
    const listed = await operator.run(['backups']);
    expect(listed.exit).toBe(4);
    expect(words(listed)).toContain('1-9 cannot be used: its file has 3 of');
    const verified = await operator.run(['backups', 'verify']);
    expect(verified.exit).toBe(4);
    // Its sidecar is a sample's, and says another number of keys.
    expect(words(verified)).toMatch(/1-100: the snapshot 1-100 is damaged: it holds something else/);
  });

  it('lists strays apart, verifies them with the others, and shows one by its ID', async () => {
    const operator = createOperator();
    const { directory } = await recorded(operator, '100');
    const strays = { directory: join(directory, 'strays'), lock: join(directory, 'lock') };
    mkdirSync(strays.directory);
    const info = sampleSnapshot({ id: '1-90-s5', revision: '90', sizeBytes: DATABASE.length, sha256: SHA });
    writeFileSync(join(strays.directory, '1-90-s5.db'), DATABASE);
    await writeSidecar(strays, { ...info, node: 's5', reason: 'discard-data', stray: { how: 'file' } });
    const { stdout } = await operator.run(['backups', '--output', 'json']);
    const ids = (list: { id: string }[]) => list.map(({ id }) => id);
    const { backups, strays: listed } = JSON.parse(stdout);
    expect([ids(backups), ids(listed)]).toEqual([['1-100'], ['1-90-s5']]);
    expect(words(await operator.run(['backups', 'verify']))).toContain('the snapshot 1-90-s5 is damaged');
    const shown = words(await operator.run(['backups', 'show', '1-90-s5']));
    expect(shown).toContain('copied from the file of its data: what only the log of its etcd had is not in it');
  });

  it('shows every object that would come back', async () => {
    const operator = createOperator();
    await recorded(operator, '100');
    const { exit, stdout } = await operator.run(['backups', 'show', '1-100', '--objects']);
    expect(exit).toBe(0);
    expect(stdout.split('\n').filter(Boolean).length).toBeGreaterThan(10);
    expect(stdout).toMatch(/^configmaps \S+\/\S+$/m);
  });

  it.each([
    [['backups', 'show', '7-7'], 'there is no snapshot 7-7'],
    [['backups', 'verify', '7-7'], 'there is no snapshot 7-7'],
  ])('refuses what there is not: %j', async (args, message) => {
    const operator = createOperator();
    await recorded(operator, '100');
    const refused = await operator.run(args);
    expect(refused.exit).toBe(2);
    expect(words(refused)).toContain(message);
  });

  it('prune waits for who takes a snapshot, and goes on when that is done', async () => {
    const operator = createOperator();
    const revisions = Array.from({ length: 25 }, (_, index) => `${100 + index}`);
    const store = await recorded(operator, ...revisions);
    const lock = await acquireLock({ path: store.lock, command: 'backup', now: () => new Date() });
    const claims = claimOf(store);
    const pruning = operator.start(['backups', 'prune']);
    await claims;
    expect((await listSnapshots(store)).snapshots).toHaveLength(25);
    expect(pruning.child.exitCode).toBeNull();
    lock.release();
    const pruned = await pruning.finished;
    expect(pruned).toMatchObject({ exit: 0, stdout: expect.stringContaining('1-100') });
    expect(pruned.stderr).toBe(`backup (pid ${process.pid}) writes to the snapshots, and is waited for\n`);
    expect((await listSnapshots(store)).snapshots).toHaveLength(24);
    expect((await operator.run(['backups', 'prune'])).stdout).toBe('Nothing to let go.\n');
  });
});

it('backup needs a cluster whose etcd was brought up', async () => {
  const operator = createOperator();
  const none = await operator.run(['backup']);
  expect([none.exit, words(none)]).toEqual([2, expect.stringContaining('no cluster is recorded')]);
});

it.each([
  [['--snapshot', '1-1', '--empty'], '--snapshot and --empty contradict each other'],
  [['--empty', '--new-cluster'], '--empty and --new-cluster contradict each other'],
  [['--snapshot', '1-1'], 'there is no snapshot 1-1'],
])('up refuses %j before anything is contacted', async (args, message) => {
  const operator = createOperator();
  const refused = await operator.run(['up', '--hosts', 's4', ...args]);
  expect(refused.exit).toBe(2);
  expect(words(refused)).toContain(message);
});

it('up does not begin a new cluster where the record of one was lost that has snapshots', async () => {
  const operator = createOperator();
  const { directory } = await recorded(operator, '100');
  rmSync(join(operator.stateDir, 'cluster.yaml'));
  for (const args of [[], ['--snapshot', '1-100'], ['--empty']]) {
    const refused = await operator.run(['up', '--hosts', 's4', ...args]);
    expect(refused.exit).toBe(5);
    expect(words(refused)).toContain('has snapshots of a cluster, and no record of it');
  }
  // That they are gone too makes it no other cluster.
  rmSync(directory, { recursive: true });
  expect((await operator.run(['up', '--hosts', 's4'])).exit).toBe(5);
});

/** A file as backup --out writes it. */
async function fileOf(
  operator: Operator,
  { plain = true, ...changes }: Partial<SnapshotInfo> & { plain?: boolean } = {},
) {
  const info = sampleSnapshot({
    revision: '65',
    keys: 133,
    objects: 123,
    sizeBytes: DATABASE.length,
    sha256: SHA,
    ...changes,
  });
  const sidecar = Buffer.from(JSON.stringify(info));
  const archive = tarOf(
    [
      { name: `${info.id}.json`, sizeBytes: sidecar.length, content: inParts(sidecar) },
      { name: `${info.id}.db`, sizeBytes: DATABASE.length, content: inParts(DATABASE) },
    ],
    new Date(0),
  );
  const path = join(operator.home, 'b.age');
  await writeOut(plain ? archive : seal(archive, { passphrase: 'right' }), { path, force: true });
  return path;
}

describe('a snapshot from a file', () => {
  it('is brought back, sealed with a passphrase', async () => {
    const operator = createOperator();
    await recorded(operator);
    const path = await fileOf(operator, { plain: false });
    for (const [name, text] of [
      ['right', 'right\n'],
      ['wrong', 'wrong\n'],
    ] as const)
      writeFileSync(join(operator.home, name), text, { mode: 0o600 });
    const run = (...args: string[]) => operator.run(['backups', 'import', path, ...args]);
    const unasked = await run();
    expect([unasked.exit, words(unasked)]).toEqual([2, expect.stringContaining('asked for on a terminal')]);
    const wrong = await run('--passphrase-file', join(operator.home, 'wrong'));
    expect([wrong.exit, words(wrong)]).toEqual([2, expect.stringContaining('the passphrase does not open')]);
    const right = await run('--passphrase-file', join(operator.home, 'right'));
    expect([right.exit, words(right)]).toEqual([0, expect.stringContaining('up --snapshot 1-65 restores it')]);
    const listed = await operator.run(['backups', '--output', 'json']);
    expect(JSON.parse(listed.stdout).backups).toMatchObject([{ id: '1-65', reason: 'file', problems: [] }]);
  });

  it.each([
    ['of another cluster', { clusterId: 'c2' }, 'it is of another cluster'],
    ['of a newer etcd', { etcd: '3.8.0' }, 'etcd 3.7.3 is older than 3.8.0, which wrote it'],
    [
      'of a minor that cannot follow',
      { kubernetes: '1.35.2' },
      'Kubernetes 1.37.2 does not go on with what 1.35.2 wrote',
    ],
    ['whose encryption key is missing', { encryptionKeys: ['key9'] }, 'the encryption key key9 is missing from pki/'],
  ])('up refuses one %s, and keeps nothing of it', async (_what, changes, message) => {
    const operator = createOperator();
    const { directory } = await recorded(operator);
    const path = await fileOf(operator, changes);
    const refused = await operator.run(['up', '--snapshot', path]);
    expect([refused.exit, words(refused)]).toEqual([2, expect.stringContaining(message)]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('up needs a record of the cluster, and plan keeps nothing', async () => {
    const operator = createOperator();
    const path = await fileOf(operator);
    const none = await operator.run(['up', '--hosts', 's4', '--snapshot', path]);
    expect([none.exit, words(none)]).toEqual([2, expect.stringContaining('no cluster is recorded')]);
    const plan = await operator.run(['plan', '--hosts', 's4', '--snapshot', path]);
    expect([plan.exit, words(plan)]).toEqual([2, expect.stringContaining('plan keeps nothing')]);
  });
});

describe('backup --out', () => {
  const file = (operator: Operator, name: string, text: string, mode = 0o600): string => {
    const path = join(operator.home, name);
    writeFileSync(path, text, { mode });
    return path;
  };

  it.each([
    ['no terminal for a passphrase', () => [], 'is asked for on a terminal, and there is none'],
    [
      'a passphrase that others can read',
      (operator: Operator) => ['--passphrase-file', file(operator, 'p', 'x', 0o644)],
      'others may read it (mode 644)',
    ],
    ['what is no recipient', () => ['--recipient', 'age1xyz'], 'a recipient is not one of age'],
    ['two ways at once', () => ['--plain', '--recipient', 'age1xyz'], '--recipient and --plain contradict each other'],
    [
      'a file that is there',
      (operator: Operator) => ['--plain', '--out', file(operator, 'b', 'theirs')],
      'exists already',
    ],
    ['a directory that is not there', () => ['--plain', '--out', '/none/b'], 'there is no such file or directory'],
  ])('refuses %s before anything is contacted', async (_what, args, message) => {
    const operator = createOperator();
    await recorded(operator);
    const refused = await operator.run(['backup', '--out', join(operator.home, 'new'), ...args(operator)]);
    expect([refused.exit, words(refused)]).toEqual([2, expect.stringContaining(message)]);
  });

  it('refuses words of it without a file; a variable that was left over is none', async () => {
    const operator = createOperator();
    const refused = await operator.run(['backup', '--plain']);
    expect([refused.exit, words(refused)]).toEqual([2, expect.stringContaining('no cluster is recorded')]);
    await recorded(operator);
    const said = await operator.run(['backup', '--recipient', 'age1x']);
    expect([said.exit, words(said)]).toEqual([2, expect.stringContaining('and no file is asked for')]);
  });
});

it.each([
  [['1-65', '1-64'], '--restore is for one snapshot'],
  [['7-7'], 'there is no snapshot 7-7'],
])('backups verify --restore refuses %j before anything is contacted', async (ids, message) => {
  const operator = createOperator();
  await recorded(operator);
  const refused = await operator.run(['backups', 'verify', '--restore', ...ids]);
  expect([refused.exit, words(refused)]).toEqual([2, expect.stringContaining(message)]);
});
