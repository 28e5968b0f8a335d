import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { usageError } from '../errors.js';
import { readAuditPolicy } from './audit-policy.js';
import { type ConfigPath, problemsError } from './problems.js';
import { CONFIG, type ConfigFile, configSchema } from './schema.js';
import { schemaProblems } from './schema-problems.js';
import { withAbsolutePaths } from './setting-paths.js';
import { parseYaml } from './yaml-source.js';

export interface LoadedConfig {
  config: ConfigFile;
  /** Whether the file itself sets the key. */
  has(path: ConfigPath): boolean;
  /** `file:line:col path`, for messages. */
  place(path: ConfigPath): string;
}

/** Reads a config file, and the audit policy it names. @throws usage error (exit 2) with all problems as `file:line:col path message` */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `the config file ${file} cannot be read (${cause.code})`;
    throw usageError({ code: 'config-unreadable', message, hint: 'check the path given with --config', cause });
  });
  const loaded = parseConfig(file, text);
  const directory = dirname(resolve(file));
  const config = withAbsolutePaths(CONFIG, loaded.config, (path) => absolutePath(path, directory));
  return { ...loaded, config: await withAuditPolicy(loaded, config) };
}

/** The same for text in hand; paths inside are left as they are. */
export function parseConfig(file: string, text: string): LoadedConfig {
  const source = parseYaml(file, text);
  if (source.problems.length > 0) throw problemsError(source.problems, file);
  const { success, data, error } = configSchema.safeParse(source.value, { reportInput: true });
  if (success) return { config: data, has: source.has, place: (path) => source.place(path) };
  const problems = schemaProblems(configSchema, error.issues).map(({ path, message, ...options }) => ({
    offset: source.offset(path, options),
    line: `${source.place(path, options)} ${message}`,
  }));
  const inFileOrder = problems.sort((a, b) => a.offset - b.offset);
  throw problemsError(
    inFileOrder.map(({ line }) => line),
    file,
  );
}

/** The policy itself is part of the cluster's spec: what is recorded must not depend on a file elsewhere. */
async function withAuditPolicy({ place }: LoadedConfig, config: ConfigFile): Promise<ConfigFile> {
  const audit = config.apiServer?.audit;
  if (audit === undefined) return config;
  const policy = await readAuditPolicy({ path: audit.policy, place: place(['apiServer', 'audit', 'policy']) });
  return { ...config, apiServer: { ...config.apiServer, audit: { ...audit, policy } } };
}

/** Paths in a config file are meant from where the file lies, not from where the command was typed. */
function absolutePath(path: string, directory: string): string {
  if (/^https?:\/\//.test(path)) return path;
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(directory, path);
}
