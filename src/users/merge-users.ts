import { usageError } from '../errors.js';
import type { WantedUser } from './read-users-file.js';
import type { UserRecord } from './user-records.js';

/**
 * What is recorded once these are applied: those that a file does not name stay as they are. One that was removed comes
 * back in the next generation.
 *
 * @throws usage errors `user-namespace-changed`, `user-namespace-taken`
 */
export function mergeUsers(recorded: readonly UserRecord[], wanted: readonly WantedUser[]): UserRecord[] {
  const merged = new Map(recorded.map((user) => [user.name, user]));
  for (const user of wanted) {
    const known = merged.get(user.name);
    if (known && known.namespace !== user.namespace) {
      const message = `${user.name} ${known.removed ? 'had' : 'has'} the namespace ${known.namespace}, and the file says ${user.namespace}`;
      throw usageError({
        code: 'user-namespace-changed',
        message,
        hint: 'a name keeps its namespace for ever, since an older snapshot may bring that back: give it the same, or take another name',
      });
    }
    merged.set(user.name, { ...user, ...standing(known), removed: false });
  }
  const users = [...merged.values()];
  const owners = new Map<string, string>();
  for (const { name, namespace, removed } of users) {
    if (removed) continue;
    const other = owners.get(namespace);
    owners.set(namespace, name);
    if (other === undefined) continue;
    const message = `the namespace ${namespace} is that of ${other}, and cannot be that of ${name} too`;
    throw usageError({ code: 'user-namespace-taken', message, hint: 'give each user a namespace of their own' });
  }
  return users;
}

function standing(known: UserRecord | undefined): Pick<UserRecord, 'generation' | 'issued'> {
  if (known === undefined) return { generation: 1, issued: [] };
  const { generation, issued } = known;
  return known.removed ? { generation: generation + 1, issued: [] } : { generation, issued };
}
