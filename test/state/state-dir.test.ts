import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createRunDirectory,
  locateStateDir,
  prepareStateDir,
  type StateDir,
  stateDirAt,
  sweepTemporaryFiles,
} from '../../src/state/state-dir.js';

let directory: string;
let state: StateDir;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-'));
  state = stateDirAt(join(directory, 'k8s-diskless', 'lab'));
});
afterEach(() => rm(directory, { recursive: true }));

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('where it is', () => {
  const root = (stateDir: string | undefined, env: NodeJS.ProcessEnv): string =>
    locateStateDir({ cluster: 'lab', stateDir, env }).root;

  test.each([
    ['--state-dir names the directory of the one cluster', '/var/lab', { XDG_STATE_HOME: '/x' }, '/var/lab'],
    ['XDG_STATE_HOME', undefined, { XDG_STATE_HOME: '/x', HOME: '/h' }, '/x/k8s-diskless/lab'],
    ['without it ~/.local/state', undefined, { HOME: '/h' }, '/h/.local/state/k8s-diskless/lab'],
    ['a relative one is ignored', undefined, { XDG_STATE_HOME: 'x', HOME: '/h' }, '/h/.local/state/k8s-diskless/lab'],
  ])('%s', (_rule, stateDir, env, expected) => expect(root(stateDir, env)).toBe(expected));

  test.each(['../etc', 'a/b', '', 'Lab', '.'])('the cluster name %j is refused', (cluster) => {
    expect(() => locateStateDir({ cluster, env: {} })).toThrow(
      expect.objectContaining({ code: 'cluster-name', exit: 2 }),
    );
  });

  test('naming it creates nothing', async () => {
    locateStateDir({ cluster: 'lab', stateDir: state.root, env: {} });
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('preparing it', () => {
  test('everything is private, also what stands above', async () => {
    const umask = process.umask(0);
    await prepareStateDir(state).finally(() => process.umask(umask));
    await prepareStateDir(state);
    expect((await readdir(state.root)).sort()).toEqual(['nodes', 'pki', 'runs']);
    const paths = [join(directory, 'k8s-diskless'), state.root, state.pki, state.nodes, state.runs];
    expect(await Promise.all(paths.map(modeOf))).toEqual(paths.map(() => '700'));
  });

  test.each([
    ['an empty one', []],
    ['one of ours', ['cluster.yaml', 'notes.txt']],
    ['one whose first run was interrupted', ['pki', 'lock', '.cluster.yaml.0123456789ab.tmp']],
  ])('%s is made private', async (_case, entries) => {
    await mkdir(state.root, { recursive: true, mode: 0o755 });
    await chmod(state.root, 0o755);
    for (const name of entries) await mkdir(join(state.root, name));
    await prepareStateDir(state);
    expect(await modeOf(state.root)).toBe('700');
  });

  test('a directory of something else is refused and left as it is', async () => {
    await mkdir(state.root, { recursive: true });
    await chmod(state.root, 0o755);
    for (const name of ['Documents', 'Music', 'pki']) await mkdir(join(state.root, name));
    await expect(prepareStateDir(state)).rejects.toMatchObject({
      code: 'state-dir-foreign',
      exit: 2,
      message: expect.stringContaining('it holds Documents, Music'),
    });
    expect(await modeOf(state.root)).toBe('755');
  });

  test('a file in the way', async () => {
    await writeFile(join(directory, 'k8s-diskless'), '');
    await expect(prepareStateDir(state)).rejects.toMatchObject({
      code: 'state-not-usable',
      exit: 2,
      message: expect.stringContaining(state.root),
      hint: expect.stringContaining('--state-dir'),
    });
  });

  test('no permission to write', async () => {
    await mkdir(state.root, { recursive: true });
    for (const path of [directory, join(directory, 'k8s-diskless'), state.root]) await chmod(path, 0o755);
    await chmod(state.root, 0o555);
    const preparing = asUnprivileged(() => prepareStateDir(state));
    await expect(preparing).rejects.toMatchObject({
      code: 'state-not-usable',
      exit: 2,
      message: expect.stringContaining('permission denied'),
    });
  });
});

const NOBODY = 65534;

/** Root may write anywhere; as somebody else it is refused like everyone. */
async function asUnprivileged<T>(action: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return action();
  process.seteuid?.(NOBODY);
  return action().finally(() => process.seteuid?.(0));
}

test('a directory for each run, named by its start', async () => {
  const run = await createRunDirectory(state, new Date('2026-11-20T10:15:30.123Z'));
  expect(run).toBe(join(state.runs, '2026-11-20T10-15-30.123Z'));
  expect(await modeOf(run)).toBe('700');
});

test('what interrupted writes left behind is removed, and nothing else', async () => {
  await prepareStateDir(state);
  await mkdir(join(state.pki, 'ca'));
  const left = [state.root, state.nodes, state.pki, join(state.pki, 'ca')].map((path) =>
    join(path, '.x.0123456789ab.tmp'),
  );
  const kept = [
    join(state.root, 'cluster.yaml'),
    join(state.pki, 'ca', 'ca.key'),
    join(state.runs, '.x.0123456789ab.tmp'),
    join(state.root, '.last-snapshot.json.0123456789ab.tmp'),
  ];
  for (const path of [...left, ...kept]) await writeFile(path, '');
  await sweepTemporaryFiles(state);
  const files = await readdir(state.root, { recursive: true, withFileTypes: true });
  expect(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort(),
  ).toEqual(kept.sort());
});
