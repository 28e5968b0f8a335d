import { readFile } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { problemsError } from '../config/problems.js';
import { schemaProblems } from '../config/schema-problems.js';
import { parseYaml } from '../config/yaml-source.js';
import { usageError } from '../errors.js';
import { isAllowedName, NAME_RULE } from './user-names.js';
import { quotaParts, quotaSchema } from './user-quota.js';
import { POD_SECURITY } from './user-records.js';

const name = z.string().refine(isAllowedName, { error: NAME_RULE });

const quota = z
  .union([z.string(), z.record(z.string(), z.coerce.string())])
  .transform((given, context) => {
    const parts = typeof given === 'string' ? quotaParts(given) : given;
    if (parts !== undefined) return parts;
    context.addIssue({ code: 'custom', message: 'must be a list such as cpu=2 memory=4Gi storage=4Gi pods=20' });
    return z.NEVER;
  })
  .pipe(quotaSchema);

/** One person, as a file says it. */
const wantedUser = z
  .strictObject({
    name,
    group: name.default('users'),
    /** Default: the name. */
    namespace: name.optional(),
    quota: quota.prefault({}),
    podSecurity: z.enum(POD_SECURITY).default('restricted'),
  })
  .transform((user) => ({ ...user, namespace: user.namespace ?? user.name }));
export type WantedUser = z.output<typeof wantedUser>;

interface Entry {
  value: unknown;
  /** `file:line` */
  place: string;
}

/**
 * People from a file: CSV with a head line, or YAML (`.yaml`, `.yml`) with a list of the same keys.
 *
 * @throws usage errors that name each place in it
 */
export async function readUsersFile(file: string): Promise<WantedUser[]> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `${file} cannot be read (${cause.code ?? 'unknown error'})`;
    throw usageError({ code: 'users-file-unreadable', message, cause });
  });
  const entries = /\.ya?ml$/.test(file) ? yamlEntries(file, text) : csvEntries(file, text);
  if (entries.length === 0) throw problemsError([`${file} names no user`], file);
  const problems: string[] = [];
  const users: { user: WantedUser; place: string }[] = [];
  for (const { value, place } of entries) {
    const { success, data, error } = wantedUser.safeParse(value, { reportInput: true });
    if (success) users.push({ user: data, place });
    else
      problems.push(
        ...schemaProblems(wantedUser, error.issues).map(({ path, message }) =>
          [place, path.join('.'), message].filter(Boolean).join(' '),
        ),
      );
  }
  problems.push(...twice(users, 'name'), ...twice(users, 'namespace'));
  if (problems.length > 0) throw problemsError(problems, file);
  return users.map(({ user }) => user);
}

function twice(users: readonly { user: WantedUser; place: string }[], key: 'name' | 'namespace'): string[] {
  const seen = new Map<string, string>();
  return users.flatMap(({ user, place }) => {
    const first = seen.get(user[key]);
    seen.set(user[key], first ?? place);
    return first === undefined ? [] : [`${place} ${key} ${user[key]} is that of ${first} too`];
  });
}

/** Columns are named by the head line; `pod-security` is written as there, an empty field is not given. */
function csvEntries(file: string, text: string): Entry[] {
  try {
    const options = { columns: true, bom: true, trim: true, info: true, skip_empty_lines: true, comment: '#' };
    const rows = parse(text, options) as unknown as { record: Record<string, string>; info: { lines: number } }[];
    return rows.map(({ record, info: { lines } }) => {
      const given = Object.entries(record).filter(([, value]) => value !== '');
      const value = Object.fromEntries(given.map(([key, of]) => [key === 'pod-security' ? 'podSecurity' : key, of]));
      return { value, place: `${file}:${lines}` };
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = (error as CsvError & { lines?: number }).lines ?? 1;
    throw problemsError([`${file}:${line} is not a line of CSV with as many fields as the head line`], file);
  }
}

function yamlEntries(file: string, text: string): Entry[] {
  const source = parseYaml(file, text);
  if (source.problems.length > 0) throw problemsError(source.problems, file);
  if (!Array.isArray(source.value)) throw problemsError([`${file} must be a list of users`], file);
  return source.value.map((value: unknown, index) => ({ value, place: source.place([index]) }));
}
