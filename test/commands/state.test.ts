import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { noteSuperseded } from '../../src/app/note-superseded.js';
import { seal } from '../../src/sealed/seal.js';
import { tarOf } from '../../src/sealed/tar-write.js';
import { writeOut } from '../../src/sealed/write-out.js';
import { acquireLock } from '../../src/state/lock.js';
import { readClusterRecord } from '../../src/state/record-files.js';
import { requireInUse } from '../../src/state/retired.js';
import { type StateDir, stateDirAt } from '../../src/state/state-dir.js';
import { superseded } from '../../src/state/superseded.js';
import { artifactsDirectory } from '../artifacts/fixtures.js';
import { OPERATOR } from '../helpers/sample-facts.js';
import { inParts } from '../sealed/bytes.js';
import { createOperator, type Operator } from './cli.js';
import { recordSample } from './recorded-state.js';

const words = ({ stdout, stderr }: { stdout: string; stderr: string }): string =>
  `${stdout}${stderr}`.replaceAll(/\s+/g, ' ');

interface Exported {
  operator: Operator;
  state: StateDir;
  file: string;
  /** What opens it, as arguments. */
  key: string[];
  recipient: string;
}

/** A state with something of each kind in it, exported. */
async function exported(...more: string[]): Promise<Exported> {
  const operator = createOperator();
  const state = await recordSample(operator.stateDir);
  for (const directory of [join(state.pki, 'etcd'), join(state.runs, '2026'), state.snapshots])
    mkdirSync(directory, { recursive: true });
  writeFileSync(join(state.pki, 'etcd/ca.key'), 'a key');
  writeFileSync(join(state.runs, '2026/events.ndjson'), 'of this machine');
  writeFileSync(state.kubeconfig, 'apiVersion: v1');
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const path = join(operator.home, 'key.txt');
  writeFileSync(path, `${identity}\n`, { mode: 0o600 });
  const file = join(operator.home, 's.age');
  const done = await operator.run(['state', 'export', file, '--recipient', recipient, ...more]);
  expect([done.exit, words(done)]).toEqual([0, expect.stringContaining('whoever opens it has the keys')]);
  return { operator, state, file, key: ['--identity', path], recipient };
}

const bring = ({ operator, file, key }: Exported, root: string, ...more: string[]) =>
  operator.run(['state', 'import', file, ...key, '--state-dir', root, ...more]);
const GONE = '--old-operator-is-gone';

describe('a state', () => {
  it('is the same elsewhere, private, and without what is of this machine alone', async () => {
    const given = await exported();
    expect(statSync(given.file).mode & 0o777).toBe(0o600);
    const root = join(given.operator.home, 'elsewhere/state');
    const done = await bring(given, root, GONE);
    expect([done.exit, words(done)]).toEqual([0, expect.stringContaining('is the state of cluster default')]);
    const there = stateDirAt(root);
    const before = await readClusterRecord(given.state);
    const operator = { id: expect.stringMatching(/^[0-9a-f]{16}$/), generation: 2, unproven: true };
    expect(await readClusterRecord(there)).toEqual({ ...before, operator });
    expect(readFileSync(join(there.pki, 'etcd/ca.key'), 'utf8')).toBe('a key');
    expect([statSync(root).mode & 0o777, statSync(join(there.pki, 'etcd/ca.key')).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
    expect(readdirSync(root).toSorted()).toEqual(['cluster.yaml', 'kubeconfig', 'pki']);
    expect(readdirSync(join(given.operator.home, 'elsewhere'))).toEqual(['state']);
  });

  it('is not taken by two: a copy needs the word that the old operator is gone', async () => {
    const given = await exported();
    const root = join(given.operator.home, 'other');
    const refused = await bring(given, root);
    expect([refused.exit, words(refused)]).toEqual([5, expect.stringContaining('say --old-operator-is-gone')]);
    expect(existsSync(root)).toBe(false);
  });

  it('never takes the place of another', async () => {
    const given = await exported();
    const before = readFileSync(given.state.clusterFile, 'utf8');
    const refused = await bring(given, given.state.root, GONE);
    expect([refused.exit, words(refused)]).toEqual([
      2,
      expect.stringContaining('a state is never replaced by another'),
    ]);
    expect(readFileSync(given.state.clusterFile, 'utf8')).toBe(before);
  });

  it('that was cut, is none, or reaches elsewhere, leaves nothing', async () => {
    const given = await exported();
    const root = join(given.operator.home, 'other');
    const whole = readFileSync(given.file);
    const header = Buffer.from(
      JSON.stringify({ version: 1, cluster: 'c', clusterId: 'cafe', exportedAt: new Date(0).toISOString() }),
    );
    const text = Buffer.from('x');
    const archive = (...names: string[]) =>
      seal(
        tarOf(
          names.map((name) => {
            const bytes = name.endsWith('.json') ? header : text;
            return { name, sizeBytes: bytes.length, content: inParts(bytes) };
          }),
          new Date(0),
        ),
        { recipients: [given.recipient] },
      );
    const cases: [() => Promise<void>, string][] = [
      [async () => writeFileSync(given.file, whole.subarray(0, -1)), 'it was cut off, or changed'],
      [async () => writeFileSync(given.file, 'no state'), 'is no state that state export wrote'],
      [
        () => writeOut(archive('k8s-diskless-state.json', 'state/../../x'), { path: given.file, force: true }),
        'is no place in a state directory',
      ],
      [
        () => writeOut(archive('k8s-diskless-state.json'), { path: given.file, force: true }),
        'the record in it is missing',
      ],
    ];
    for (const [write, message] of cases) {
      await write();
      const refused = await bring(given, root, GONE);
      expect([refused.exit, words(refused)]).toEqual([2, expect.stringContaining(message)]);
    }
    expect(readdirSync(given.operator.home).filter((name) => /other|^x$/.test(name))).toEqual([]);
  });

  it('that is handed over needs no word, acts no more where it was, and is still read there', async () => {
    const given = await exported('--move');
    const { operator, state } = given;
    const root = join(operator.home, 'other');
    expect((await bring(given, root)).exit).toBe(0);
    const there = await readClusterRecord(stateDirAt(root));
    expect(there?.operator).toEqual({ id: expect.not.stringMatching(`^${OPERATOR.id}$`), generation: 2 });
    expect(existsSync(join(root, 'retired.json'))).toBe(false);
    const acting = [
      ['up', '--artifacts', artifactsDirectory()],
      ['serve'],
      ['backup'],
      ['backups', 'prune'],
      ['backups', 'verify', '--restore'],
      ['pki', 'renew'],
      ['doctor'],
      ['bench'],
      ['state', 'export', join(operator.home, 't.age'), '--recipient', given.recipient],
    ];
    const before = readFileSync(state.clusterFile, 'utf8');
    for (const command of acting) {
      const refused = await operator.run(command);
      expect([command, refused.exit, words(refused)]).toEqual([
        command,
        5,
        expect.stringContaining('k8s-diskless state take-back takes this one into use again'),
      ]);
    }
    expect(readFileSync(state.clusterFile, 'utf8')).toBe(before);
    expect(existsSync(join(operator.home, 't.age'))).toBe(false);
    expect((await operator.run(['kubeconfig'])).exit).toBe(0);
    expect((await operator.run(['backups', 'verify'])).exit).toBe(0);
  });

  it('that is handed over while serve runs with it: serve ends, and says why', async () => {
    const operator = createOperator();
    await recordSample(operator.stateDir);
    const daemon = operator.start(['serve', '--page-listen', '127.0.0.1:0']);
    await daemon.line((line) => line.includes('is not there'));
    const recipient = await identityToRecipient(await generateX25519Identity());
    const out = join(operator.home, 's.age');
    expect((await operator.run(['state', 'export', '--move', out, '--recipient', recipient])).exit).toBe(0);
    const ended = await daemon.finished;
    expect([ended.exit, words(ended)]).toEqual([5, expect.stringContaining('was handed over')]);
  });

  it('that was handed over is in use again by a word, as another generation', async () => {
    const { operator, state } = await exported('--move');
    const done = await operator.run(['state', 'take-back']);
    expect([done.exit, words(done)]).toEqual([0, expect.stringContaining('is in use again, as generation 2')]);
    const record = await readClusterRecord(state);
    expect(record?.operator).toEqual({
      id: expect.not.stringMatching(`^${OPERATOR.id}$`),
      generation: 2,
      unproven: true,
    });
    expect(words(await operator.run(['pki', 'renew']))).not.toContain('handed over');
    const again = await operator.run(['state', 'take-back']);
    expect([again.exit, words(again)]).toEqual([2, expect.stringContaining('is in use, as generation 2')]);
    const above = await operator.run(['state', 'take-back', '--above', '6']);
    expect([above.exit, words(above)]).toEqual([0, expect.stringContaining('as generation 7')]);
    expect((await operator.run(['state', 'take-back', '--above', 'six'])).exit).toBe(2);
  });

  it('that was told of another copy, once, acts no more until a person says so', async () => {
    const { operator, state } = await exported();
    const told = superseded({ id: 'a1', generation: 1 }, { where: 's5', generation: 4 });
    await noteSuperseded(state, [told.at({ host: 's5', step: 'judge' })], new Date('2026-11-30T08:00:00Z'));
    // What it is told later changes nothing.
    await noteSuperseded(
      state,
      [superseded({ id: 'a1', generation: 1 }, { where: 'etcd', generation: 3 })],
      new Date(),
    );
    for (const command of ['up', 'serve', 'backup']) {
      const refused = await operator.run([command]);
      expect([command, refused.exit, words(refused)]).toEqual([
        command,
        5,
        expect.stringContaining(
          'another copy of this state is in use: s5 knows it as generation 4, and this one was refused at 2026-11-30T08:00:00.000Z',
        ),
      ]);
      expect(words(refused)).toContain('state take-back --above 4');
    }
    const back = await operator.run(['state', 'take-back']);
    expect([back.exit, words(back)]).toEqual([0, expect.stringContaining('is in use again, as generation 5')]);
    await requireInUse(state);
  });

  it('whose word of retirement cannot be read is retired', async () => {
    const { state } = await exported();
    writeFileSync(state.retired, 'cut o');
    await expect(requireInUse(state)).rejects.toMatchObject({ code: 'state-retired', exit: 5 });
  });

  it('is not written while a run writes, nor in plain, nor where there is none', async () => {
    const { operator, state, recipient } = await exported();
    const to = join(operator.home, 't.age');
    const lock = await acquireLock({ path: state.lock, command: 'up', now: () => new Date() });
    try {
      const refused = await operator.run(['state', 'export', to, '--recipient', recipient]);
      expect([refused.exit, words(refused)]).toEqual([5, expect.stringContaining('another run holds the lock: up')]);
    } finally {
      lock.release();
    }
    const plain = await operator.run(['state', 'export', to, '--plain']);
    expect([plain.exit, words(plain)]).toEqual([2, expect.stringContaining('never written in plain')]);
    const none = await operator.run(['state', 'export', to, '--recipient', recipient, '--state-dir', `${to}.d`]);
    expect([none.exit, words(none)]).toEqual([2, expect.stringContaining('no cluster is recorded')]);
    expect(existsSync(to)).toBe(false);
  });
});
