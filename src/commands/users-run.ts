import type { SshRequest } from '../app/requests.js';
import { rotateAuthority } from '../app/rotate-users-ca.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { takenOverMessage } from '../app/taken-over.js';
import { applyPeople, issueKubeconfig, removePerson, type UsersOptions } from '../app/users.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { requireFree, writeOut } from '../sealed/write-out.js';
import { requireInUse } from '../state/retired.js';
import { readUsersFile } from '../users/read-users-file.js';
import { livingUser, readUsers, type UserRecord } from '../users/user-records.js';
import { interruptible } from './interrupt.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';
import { openUpView, tellLine } from './view.js';

type WithSsh = ClusterFlags & SshRequest;

/** Version of the JSON form. */
const USERS_SCHEMA = 1;
const HINT = 'run it again: what was done stays as it is';

export async function usersApplyCommand(file: string, flags: WithSsh): Promise<number> {
  const wanted = await readUsersFile(file);
  return locked('users apply', flags, async (options) => {
    const users = await applyPeople(options, wanted);
    await report(flags, users);
  });
}

export async function usersListCommand(flags: ClusterFlags): Promise<number> {
  const { state } = await recordedCluster(stateOf(flags));
  const { users } = await readUsers(state);
  await report(
    flags,
    users.filter(({ removed }) => !removed),
  );
  return EXIT.done;
}

export async function usersShowCommand(name: string, flags: ClusterFlags): Promise<number> {
  const { state } = await recordedCluster(stateOf(flags));
  await print(`${JSON.stringify({ v: USERS_SCHEMA, ...livingUser(await readUsers(state), name) }, null, 2)}\n`);
  return EXIT.done;
}

export function usersRemoveCommand(name: string, flags: WithSsh): Promise<number> {
  return locked('users remove', flags, async (options) => {
    await removePerson(options, name);
    tellLine(`${name} is removed`);
  });
}

export interface UsersKubeconfigFlags extends ClusterFlags {
  days: number;
  out?: string;
  force: boolean;
}

export function usersKubeconfigCommand(name: string, flags: UsersKubeconfigFlags): Promise<number> {
  return locked('users kubeconfig', flags, async ({ recorded }) => {
    const { out, force, days } = flags;
    if (out === undefined) return print(await issueKubeconfig(recorded, name, days));
    await requireFree({ path: out, force });
    await writeOut(bytesOf(await issueKubeconfig(recorded, name, days)), { path: out, force });
  });
}

export function usersRotateCommand(flags: WithSsh): Promise<number> {
  return locked('users rotate-ca', flags, async (options) => {
    const sinks = flags.output === 'json' ? [openUpView({ output: 'json', verbose: false }).sink] : [];
    await rotateAuthority({ ...options, sinks });
    tellLine('every kubeconfig of people ends within a minute; users kubeconfig makes new ones');
  });
}

function locked(command: string, flags: WithSsh, work: (options: UsersOptions) => Promise<void>): Promise<number> {
  return interruptible(
    async (signal) => {
      const { state } = await recordedCluster(stateOf(flags));
      const lock = await lockBesideDaemon(state.lock, command, signal);
      try {
        await requireInUse(state);
        if (lock.takenOverFrom) tellLine(takenOverMessage(lock.takenOverFrom));
        const ssh = sshOfRequest(flags);
        // Another run may have ended between the first look and getting the lock.
        const recorded = await recordedCluster(state);
        await work({ recorded, ...(ssh && { ssh }), tell: tellLine, signal });
        return EXIT.done;
      } finally {
        lock.release();
      }
    },
    { hint: HINT },
  );
}

async function report(flags: ClusterFlags, users: readonly UserRecord[]): Promise<void> {
  if (flags.output === 'json') return print(`${JSON.stringify({ v: USERS_SCHEMA, users })}\n`);
  const lines = users.map(({ name, group, namespace, podSecurity, issued }) => {
    const ends = issued.map(({ notAfter }) => notAfter.slice(0, 10)).toSorted();
    const until = ends.length > 0 ? `valid until ${ends.at(-1)}` : 'no kubeconfig';
    return `${name}  group ${group}  namespace ${namespace}  ${podSecurity}  ${until}`;
  });
  await print(`${[...lines, `${users.length} users`].join('\n')}\n`);
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
