import { DisklessError } from '../errors.js';
import { rotateUsersAuthority } from '../pki/rotate-users-authority.js';
import { exitOf, replaceClientCa } from '../reconcile/replace-client-ca.js';
import { createEventBus } from '../runner/event-bus.js';
import type { EventSink } from '../runner/events.js';
import { pruneRuns } from '../state/prune-runs.js';
import { writeClusterRecord } from '../state/record-files.js';
import { createRunDirectory } from '../state/state-dir.js';
import { readUsers, writeUsers } from '../users/user-records.js';
import { journal } from './journal.js';
import { onCluster, type UsersOptions } from './users.js';

export interface RotateOptions extends UsersOptions {
  /** Who hears what happens, beside the journal. */
  sinks: EventSink[];
}

/**
 * Ends every certificate of people. One that was begun and interrupted is finished by `up`, or by another one.
 *
 * @throws DisklessError `users-ca-not-everywhere` naming control planes where the old ones still count: exit 3, or 4 where
 *   that is all of them
 */
export async function rotateAuthority(options: RotateOptions): Promise<void> {
  const { recorded, signal, sinks } = options;
  const { state } = recorded;
  const { bundle, fingerprint } = await rotateUsersAuthority(state.pki);
  const { record } = recorded;
  const rotated = { ...record, ...(record.pki && { pki: { ...record.pki, usersAuthority: fingerprint } }) };
  await writeClusterRecord(state, rotated);
  const known = await readUsers(state);
  await writeUsers(state, { ...known, users: known.users.map((user) => ({ ...user, issued: [] })) });
  const directory = await createRunDirectory(state, new Date());
  await pruneRuns(state, directory);
  const clocks = { monotonicMs: () => performance.now(), wallClock: () => new Date() };
  const bus = createEventBus({ sinks: [...sinks, journal(directory)], ...clocks });
  await onCluster({ ...options, recorded: { state, record: rotated } }, async (cluster, spec) => {
    const command = 'users rotate-ca';
    const { replaced, errors } = await replaceClientCa({ cluster, spec, bundle, bus, command, signal });
    if (errors.length > 0) throw notEverywhere(errors, replaced.length);
  });
}

function notEverywhere(errors: readonly DisklessError[], replaced: number): DisklessError {
  const names = errors.map(({ host }) => host).join(', ');
  return new DisklessError({
    code: 'users-ca-not-everywhere',
    message: `the new CA of people is not on ${names}: kube-apiserver there accepts the old certificates until it is`,
    detail: errors.map(({ host, message }) => `${host}: ${message}`).join('\n'),
    hint: 'the next k8s-diskless up brings it there',
    exit: exitOf(errors.length, errors.length + replaced),
  });
}
