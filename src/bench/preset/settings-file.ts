import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { z } from 'zod';
import { type ConfigPath, formatPath, problemsError } from '../../config/problems.js';
import { schemaProblems } from '../../config/schema-problems.js';
import { parseYaml, type YamlSource } from '../../config/yaml-source.js';
import { usageError } from '../../errors.js';

export interface SettingsFileOptions<T> {
  /** Path of the YAML file. */
  file: string;
  /** What it is called in messages. */
  name: string;
  schema: z.ZodType<T>;
  /** As given with `--set`: `pods.count=100`, `network.tests=[tcp,udp]`. */
  overrides: readonly string[];
}

/**
 * Reads a YAML file in which nothing is optional, with single values replaced from the command line.
 *
 * @throws usage error (exit 2) with every problem at `file:line:col`, or at the override that caused it
 */
export async function readSettings<T>({ file, name, schema, overrides }: SettingsFileOptions<T>): Promise<T> {
  const source = parseYaml(name, await textOf(file, name));
  if (source.problems.length > 0) throw problemsError(source.problems, name);
  const parsed = overrides.map(parseOverride);
  const value = parsed.reduce((settings, { path, value }) => replaced(settings, path, value), source.value);
  const { success, data, error } = schema.safeParse(value, { reportInput: true });
  if (success) return data;
  const lines = schemaProblems(schema, error.issues).map(
    ({ path, message, ...options }) => `${placeOf(path, parsed, source, options)} ${message}`,
  );
  throw problemsError(lines, name);
}

async function textOf(file: string, name: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `${name} cannot be read (${cause.code})`;
    throw usageError({ code: 'settings-unreadable', message, hint: 'check the path', cause });
  });
}

interface Override {
  given: string;
  path: string[];
  value: unknown;
}

function parseOverride(given: string): Override {
  const [, key = '', text = ''] = /^([A-Za-z][\w.-]*)=(.*)$/s.exec(given) ?? [];
  if (key === '') {
    const message = `--set ${given} is not of the form key=value`;
    throw usageError({ code: 'override-invalid', message, hint: 'for example --set pods.count=100' });
  }
  try {
    return { given, path: key.split('.'), value: parse(text) };
  } catch (cause) {
    const message = `--set ${given}: the value is not YAML`;
    throw usageError({ code: 'override-invalid', message, hint: 'put it in quotes', cause });
  }
}

/** A copy with the value in its place; mappings that are not there are made, so that the schema can name them. */
function replaced(settings: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const before = typeof settings === 'object' && settings !== null && !Array.isArray(settings) ? settings : {};
  const inner = Object.entries(before).find(([name]) => name === key)?.[1];
  return { ...before, [key]: rest.length === 0 ? value : replaced(inner, rest, value) };
}

function placeOf(
  path: ConfigPath,
  overrides: readonly Override[],
  source: YamlSource,
  options: { ofKey?: boolean; offset?: number },
): string {
  const cause = overrides.findLast((override) => startsWith(override.path, path) || startsWith(path, override.path));
  return cause === undefined ? source.place(path, options) : `--set ${cause.given}: ${formatPath(path)}`;
}

function startsWith(path: ConfigPath, beginning: ConfigPath): boolean {
  return beginning.every((part, index) => part === path[index]);
}
