import { readFile } from 'node:fs/promises';
import type { IgnitionVersion } from '../../config/boot-schema.js';
import { problemsError } from '../../config/problems.js';
import { parseYaml } from '../../config/yaml-source.js';
import { usageError } from '../../errors.js';
import { secretsIn } from '../secrets.js';
import { type ExtraIgnition, filesIn } from './inner-files.js';
import { joinIgnition } from './merge.js';

/** @throws usage error (exit 2) with the place of everything that is wrong */
export async function readExtraIgnition(file: string, version: IgnitionVersion): Promise<ExtraIgnition[]> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `the Ignition file ${file} cannot be read (${cause.code})`;
    throw usageError({ code: 'ignition-unreadable', message, hint: 'check the path given with --ignition', cause });
  });
  return parseExtraIgnition({ file, text, version });
}

/** @returns the file, followed by those inside it: what `ignition.config.merge` holds */
export function parseExtraIgnition(input: { file: string; text: string; version: IgnitionVersion }): ExtraIgnition[] {
  const { file, text, version } = input;
  // JSON is YAML, and this parser knows where everything stands.
  const source = parseYaml(file, text);
  if (source.problems.length > 0) throw problemsError(source.problems, file);
  if (source.has(['variant'])) throw isButane(file);
  const secrets = secretsIn(source.value).map(({ path, what }) => `${source.place(path)} ${secretMessage(what)}`);
  const { parts, problems } = filesIn({ value: source.value, place: source.place, version });
  const lines = [...problems, ...contradictions(parts), ...secrets];
  if (lines.length > 0) throw problemsError(lines, file);
  return parts;
}

/** Ignition would let the inner file win, without a word. */
function contradictions([first, ...rest]: readonly ExtraIgnition[]): string[] {
  let all = first?.config;
  return rest.flatMap(({ config, place }) => {
    if (all === undefined) return [];
    const joined = joinIgnition(all, config, 'the file around it');
    all = joined.config;
    return joined.conflicts.map(({ path, message }) => `${place(path)} ${message}`);
  });
}

function secretMessage(what: string): string {
  return `holds ${what}, and everyone on the machines' network can read what is served; send it over SSH later`;
}

function isButane(file: string): Error {
  return usageError({
    code: 'ignition-butane',
    message: `${file} is Butane, not Ignition`,
    hint: `translate it first: butane --strict ${file} > extra.ign`,
  });
}
