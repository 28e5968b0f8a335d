import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { usageError } from '../errors.js';
import { writeFileAtomic } from '../state/atomic-write.js';
import type { StateDir } from '../state/state-dir.js';
import { stateError } from '../state/state-error.js';
import { isAllowedName } from './user-names.js';
import { quotaSchema } from './user-quota.js';

/* What the operator remembers of people: `users/users.json` of the state directory. Never a private key. */

const allowedName = z.string().refine(isAllowedName);

export const POD_SECURITY = ['restricted', 'baseline'] as const;

const userRecord = z.strictObject({
  name: allowedName,
  group: allowedName,
  namespace: allowedName,
  podSecurity: z.enum(POD_SECURITY),
  quota: quotaSchema,
  /** Counts how often the name was given; from 1. */
  generation: z.int().positive(),
  /** It has no rights any more; kept, so that its generation is never given again. */
  removed: z.boolean(),
  /** Kubeconfigs of this generation and of the users' CA of today. */
  issued: z.array(z.strictObject({ serial: z.string(), notAfter: z.iso.datetime() })),
});
export type UserRecord = z.output<typeof userRecord>;

const usersRecord = z.strictObject({
  version: z.literal(1),
  users: z.array(userRecord),
  /** What the cluster holds of it; absent where that is not known. */
  applied: z.strictObject({ incarnation: z.int(), hash: z.string() }).optional(),
});
export type UsersRecord = z.output<typeof usersRecord>;

/** @throws usage error `users-damaged` */
export async function readUsers({ users: file }: Pick<StateDir, 'users'>): Promise<UsersRecord> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw stateError(file, error);
  });
  if (text === undefined) return { version: 1, users: [] };
  const { success, data } = usersRecord.safeParse(jsonOf(text));
  if (success) return data;
  const hint = 'put a copy back: it knows which generation of a name is the last, so that no old kubeconfig is revived';
  throw usageError({ code: 'users-damaged', message: `${file} is damaged`, hint });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function writeUsers({ users: file }: Pick<StateDir, 'users'>, record: UsersRecord): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFileAtomic(file, `${JSON.stringify(record, null, 1)}\n`, 0o600);
  } catch (error) {
    throw stateError(file, error);
  }
}

/** @throws usage error `unknown-user` */
export function livingUser(record: UsersRecord, name: string): UserRecord {
  const user = record.users.find((known) => known.name === name && !known.removed);
  if (user) return user;
  const message = `no user ${JSON.stringify(name)} is recorded`;
  throw usageError({ code: 'unknown-user', message, hint: 'k8s-diskless users list shows those that are' });
}
