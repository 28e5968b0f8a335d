import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { didYouMean } from '../../config/suggest.js';
import { usageError } from '../../errors.js';
import { packageFile } from '../../package-files.js';
import { type Preset, presetSchema } from './preset-schema.js';
import { readSettings } from './settings-file.js';

const PACKAGED = fileURLToPath(packageFile('bench/presets/'));

export interface PresetOptions {
  /** `quick`, `standard`, `full`, or the path of a YAML file of one's own. */
  name: string;
  /** As given with `--set`. */
  overrides?: readonly string[];
  directory?: string;
}

/** @throws usage error (exit 2) for an unknown preset, an unknown key or a value that cannot be */
export async function loadPreset({ name, overrides = [], directory = PACKAGED }: PresetOptions): Promise<Preset> {
  const ownFile = /[/\\]|\.ya?ml$/.test(name);
  if (!ownFile) await refuseUnknown(name, directory);
  return readSettings({
    file: ownFile ? name : `${directory}${name}.yaml`,
    name: ownFile ? name : `preset ${name}`,
    schema: presetSchema,
    overrides,
  });
}

/** Names of the presets that come with us, the shortest run first. */
export async function presetNames(directory: string = PACKAGED): Promise<string[]> {
  const names = (await readdir(directory)).flatMap((file) => /^(.+)\.yaml$/.exec(file)?.[1] ?? []);
  const rounds = await Promise.all(names.map(async (name) => (await loadPreset({ name, directory })).rounds));
  return names.toSorted((a, b) => (rounds[names.indexOf(a)] ?? 0) - (rounds[names.indexOf(b)] ?? 0));
}

async function refuseUnknown(name: string, directory: string): Promise<void> {
  const known = (await readdir(directory)).flatMap((file) => /^(.+)\.yaml$/.exec(file)?.[1] ?? []);
  if (known.includes(name)) return;
  const suggestion = didYouMean(name, known);
  throw usageError({
    code: 'preset-unknown',
    message: [`there is no preset ${JSON.stringify(name)}`, suggestion].filter(Boolean).join('; '),
    hint: `presets are ${known.sort().join(', ')}; a path names a file of your own`,
  });
}
