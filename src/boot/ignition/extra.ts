import { readFile } from 'node:fs/promises';
import type { IgnitionVersion } from '../../config/boot-schema.js';
import { type ConfigPath, problemsError } from '../../config/problems.js';
import { schemaProblems } from '../../config/schema-problems.js';
import { parseYaml, type YamlSource } from '../../config/yaml-source.js';
import { usageError } from '../../errors.js';
import { secretsIn } from '../secrets.js';
import { type Ignition, ignitionSchema } from './schema.js';

/** The user's own Ignition, and where its parts stand in the file. */
export interface ExtraIgnition {
  config: Ignition;
  /** `extra.ign:3:5 storage.files[0]`. */
  place: (path: ConfigPath) => string;
}

/** @throws usage error (exit 2) with the place of everything that is wrong */
export async function readExtraIgnition(file: string, version: IgnitionVersion): Promise<ExtraIgnition> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `the Ignition file ${file} cannot be read (${cause.code})`;
    throw usageError({ code: 'ignition-unreadable', message, hint: 'check the path given with --ignition', cause });
  });
  return parseExtraIgnition({ file, text, version });
}

export function parseExtraIgnition(input: { file: string; text: string; version: IgnitionVersion }): ExtraIgnition {
  const { file, text, version } = input;
  // JSON is YAML, and this parser knows where everything stands.
  const source = parseYaml(file, text);
  if (source.problems.length > 0) throw problemsError(source.problems, file);
  if (source.has(['variant'])) throw isButane(file);
  const { success, data, error } = ignitionSchema.safeParse(source.value, { reportInput: true });
  if (!success) throw problemsError(schemaLines(source, error.issues), file);
  const problems = [...versionProblems(data, version), ...secretProblems(data)];
  const lines = problems.map(({ path, message }) => `${source.place(path)} ${message}`);
  if (lines.length > 0) throw problemsError(lines, file);
  return { config: data, place: (path) => source.place(path) };
}

function schemaLines(source: YamlSource, issues: Parameters<typeof schemaProblems>[1]): string[] {
  const problems = schemaProblems(ignitionSchema, issues);
  return problems.map(({ path, message, ...options }) => `${source.place(path, options)} ${message}`);
}

interface Problem {
  path: ConfigPath;
  message: string;
}

function versionProblems({ ignition: { version: theirs } }: Ignition, ours: IgnitionVersion): Problem[] {
  const [theirMajor, theirMinor = 0] = theirs.split('.').map(Number);
  const [ourMajor, ourMinor = 0] = ours.split('.').map(Number);
  if (theirMajor === ourMajor && theirMinor <= ourMinor) return [];
  return [{ path: ['ignition', 'version'], message: `is ${theirs}, which cannot be part of a file of ${ours}` }];
}

function secretProblems(config: Ignition): Problem[] {
  return secretsIn(config).map(({ path, what }) => ({
    path,
    message: `holds ${what}, and everyone on the machines' network can read what is served; send it over SSH later`,
  }));
}

function isButane(file: string): Error {
  return usageError({
    code: 'ignition-butane',
    message: `${file} is Butane, not Ignition`,
    hint: `translate it first: butane --strict ${file} > extra.ign`,
  });
}
