import { constants } from 'node:fs';
import { access, chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { isDnsLabel } from '../config/names.js';
import { usageError } from '../errors.js';
import { isTemporaryOf, TEMPORARY_FILE } from './atomic-write.js';
import { stateError } from './state-error.js';

/** The operator's memory of one cluster: where everything lies. Naming it touches nothing. */
export interface StateDir {
  root: string;
  /** ClusterRecord as YAML. */
  clusterFile: string;
  pki: string;
  kubeconfig: string;
  /** `NAME.json` each. */
  nodes: string;
  /** Keys of jump hosts. */
  jumpHosts: string;
  /** One directory per run. */
  runs: string;
  /** One directory per benchmark run. */
  bench: string;
  /** Snapshots of etcd. */
  snapshots: string;
  /** Which snapshot was the newest. */
  lastSnapshot: string;
  /** UsersRecord: people, as last applied. */
  users: string;
  /** Which snapshots were copied elsewhere, and what went wrong. */
  copies: string;
  /** Says that it was handed over; absent while it is in use. */
  retired: string;
  lock: string;
  /** Held by the one daemon. */
  serveLock: string;
  /** Where that is asked. */
  serveSocket: string;
}

export interface StateLocation {
  /** `--cluster`. */
  cluster: string;
  /** `--state-dir`: the directory of this one cluster. */
  stateDir?: string;
  env: NodeJS.ProcessEnv;
}

export function locateStateDir({ cluster, stateDir, env }: StateLocation): StateDir {
  if (!isDnsLabel(cluster)) {
    const message = `the cluster name ${JSON.stringify(cluster)} must be a lower-case DNS label`;
    throw usageError({ code: 'cluster-name', message, hint: 'use a-z, 0-9 and "-", at most 63 characters' });
  }
  return stateDirAt(stateDir === undefined ? join(stateHome(env), 'k8s-diskless', cluster) : resolve(stateDir));
}

export function stateDirAt(root: string): StateDir {
  return {
    root,
    clusterFile: join(root, 'cluster.yaml'),
    pki: join(root, 'pki'),
    kubeconfig: join(root, 'kubeconfig'),
    nodes: join(root, 'nodes'),
    jumpHosts: join(root, 'jump-hosts.json'),
    runs: join(root, 'runs'),
    bench: join(root, 'bench'),
    snapshots: join(root, 'snapshots'),
    lastSnapshot: join(root, 'last-snapshot.json'),
    users: join(root, 'users', 'users.json'),
    copies: join(root, 'copies.json'),
    retired: join(root, 'retired.json'),
    lock: join(root, 'lock'),
    serveLock: join(root, 'serve.lock'),
    serveSocket: join(root, 'serve.sock'),
  };
}

/** XDG base directory specification: a relative path is to be ignored. */
function stateHome({ XDG_STATE_HOME: configured, HOME: home = homedir() }: NodeJS.ProcessEnv): string {
  return configured !== undefined && isAbsolute(configured) ? configured : join(home, '.local', 'state');
}

/**
 * Creates what is missing and makes the directory private.
 *
 * @throws usage error (exit 2) when it cannot be written to, or holds something else
 */
export async function prepareStateDir(state: StateDir): Promise<void> {
  try {
    await mkdir(state.root, { recursive: true, mode: 0o700 });
    await refuseForeign(state);
    await access(state.root, constants.W_OK | constants.X_OK);
    await makePrivate(state.root);
    for (const directory of [state.pki, state.nodes, state.runs])
      await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw stateError(state.root, error);
  }
}

/** What may be there before the first cluster.yaml is written. */
const OWN_ENTRIES =
  /^(pki|kubeconfig|nodes|jump-hosts\.json|runs|bench|snapshots|users|last-snapshot\.json|copies\.json|lock|serve\.(lock|sock)|\..+\.tmp|lost\+found)$/;

/** `--state-dir` of the wrong directory must not make someone's home private to us. */
async function refuseForeign({ root, clusterFile }: StateDir): Promise<void> {
  const entries = await readdir(root);
  if (entries.some((name) => join(root, name) === clusterFile)) return;
  const foreign = entries.filter((name) => !OWN_ENTRIES.test(name));
  if (foreign.length === 0) return;
  throw usageError({
    code: 'state-dir-foreign',
    message: `${root} is not a state directory: it holds ${foreign.slice(0, 3).join(', ')} and no cluster.yaml`,
    hint: 'name an empty or new directory with --state-dir',
  });
}

/** Only ever tightened: private keys lie below. */
async function makePrivate(root: string): Promise<void> {
  const { mode } = await stat(root);
  if ((mode & 0o077) !== 0) await chmod(root, 0o700);
}

/**
 * Removes the temporary files of writes that a kill or a power cut ended; some may hold keys. Only for the holder of
 * the lock: nobody else writes then.
 */
export async function sweepTemporaryFiles({ root, nodes, pki, lastSnapshot }: StateDir): Promise<void> {
  const found = await Promise.all([
    filesIn(root, { recursive: false }),
    filesIn(nodes, { recursive: false }),
    filesIn(pki, { recursive: true }),
  ]);
  // That one is written by whoever holds the lock of the snapshots, which may be another one.
  const isOthers = isTemporaryOf(lastSnapshot);
  const left = found.flat().filter((path) => TEMPORARY_FILE.test(basename(path)) && !isOthers(path));
  await Promise.all(left.map((path) => rm(path, { force: true })));
}

async function filesIn(directory: string, options: { recursive: boolean }): Promise<string[]> {
  const names = await readdir(directory, options).catch((error: unknown) => {
    throw stateError(directory, error);
  });
  return names.map((name) => join(directory, name));
}

/**
 * Creates the directory of one run, named by its start: `runs/2026-11-20T10-15-30.123Z`. Two runs within a millisecond
 * cannot be: the lock is between them.
 */
export async function createRunDirectory(state: StateDir, startedAt: Date): Promise<string> {
  const directory = join(state.runs, startedAt.toISOString().replaceAll(':', '-'));
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw stateError(directory, error);
  });
  return directory;
}
