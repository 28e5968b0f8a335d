import type { IgnitionVersion } from '../../config/boot-schema.js';
import { type ConfigPath, formatPath } from '../../config/problems.js';
import { schemaProblems } from '../../config/schema-problems.js';
import type { YamlSource } from '../../config/yaml-source.js';
import { readDataUrl } from './data-url.js';
import { duplicates } from './merge.js';
import { type Ignition, type IgnitionResource, ignitionSchema } from './schema.js';

/** The user's own Ignition, or a file inside it, and where its parts stand. */
export interface ExtraIgnition {
  /** Without `ignition.config`: the files named there stand beside it. */
  config: Ignition;
  /** `extra.ign:3:5 storage.files[0]`. */
  place: YamlSource['place'];
}

interface Parsed {
  parts: ExtraIgnition[];
  /** Each with its place. */
  problems: string[];
}

interface Source {
  value: unknown;
  place: YamlSource['place'];
  version: IgnitionVersion;
}

/**
 * A file of Ignition and, as files of their own, those it holds in `ignition.config`: they are merged by the same rules,
 * and not by Ignition, which would let them override everything.
 */
export function filesIn({ value, place, version }: Source): Parsed {
  const { success, data, error } = ignitionSchema.safeParse(value, { reportInput: true });
  if (!success) {
    const problems = schemaProblems(ignitionSchema, error.issues);
    return {
      parts: [],
      problems: problems.map(({ path, message, ...options }) => `${place(path, options)} ${message}`),
    };
  }
  const { config: _others, ...ignition } = data.ignition;
  const own = { config: { ...data, ignition }, place };
  const problems = [...versionProblems(data, version), ...replaceProblems(data), ...duplicates(data)];
  const inner = innerFiles({ data, place, version });
  return {
    parts: [own, ...inner.flatMap((each) => each.parts)],
    problems: [
      ...problems.map(({ path, message }) => `${place(path)} ${message}`),
      ...inner.flatMap((each) => each.problems),
    ],
  };
}

function innerFiles({ data, place, version }: { data: Ignition } & Omit<Source, 'value'>): Parsed[] {
  return (data.ignition.config?.merge ?? []).map((resource, index): Parsed => {
    const path = ['ignition', 'config', 'merge', index, 'source'];
    const { value, problem } = readInner(resource);
    if (problem !== undefined) return { parts: [], problems: [`${place(path)} ${problem}`] };
    if (value === undefined) return { parts: [], problems: [] };
    return filesIn({ value, version, place: (inside) => `${place(path)}: ${formatPath(inside) || 'it'}` });
  });
}

/** What comes from elsewhere is known to nobody here, and would have the last word on every machine. */
function readInner({ source, compression }: IgnitionResource): { value?: unknown; problem?: string } {
  if (source === null || source === undefined) return {};
  if (!source.startsWith('data:')) {
    return {
      problem: 'is fetched at boot and could override all that k8s-diskless writes; put its content here instead',
    };
  }
  try {
    return { value: JSON.parse(readDataUrl(source, compression) ?? '') };
  } catch {
    return { problem: 'is no data: URL of an Ignition file' };
  }
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

function replaceProblems({ ignition: { config } }: Ignition): Problem[] {
  if (typeof config?.replace?.source !== 'string') return [];
  const message = 'would take the place of all that k8s-diskless writes, keys and name included; put its content here';
  return [{ path: ['ignition', 'config', 'replace'], message }];
}
