import { isDeepStrictEqual } from 'node:util';
import type { ConfigPath } from '../../config/problems.js';
import type { Ignition } from './schema.js';

/** A place in the user's file that says something else than k8s-diskless. */
export interface Conflict {
  path: ConfigPath;
  /** Continues the path. */
  message: string;
}

export interface Merged {
  config: Ignition;
  conflicts: Conflict[];
}

/** By what the entries of Ignition's lists are known, where two lists may speak of the same thing. */
const IDENTITY: Readonly<Record<string, string>> = {
  files: 'path',
  directories: 'path',
  links: 'path',
  units: 'name',
  dropins: 'name',
  users: 'name',
  groups: 'name',
};

type Entry = Record<string, unknown>;

/**
 * The user's own Ignition beside ours: lists are joined, entries of one name or path become one, and where both say
 * something of the same field they must say the same. Nothing is overridden silently, in neither direction.
 *
 * @param theirs Of the same major version; the version itself is ours.
 */
export function mergeIgnition(ours: Ignition, theirs: Ignition): Merged {
  const conflicts = [...kindConflicts(ours, theirs), ...maskConflicts(ours, theirs)];
  const { version: _version, ...ignition } = theirs.ignition;
  const config = merged(ours, { ...theirs, ignition }, { path: [], conflicts }) as Ignition;
  return { config, conflicts };
}

interface Place {
  path: ConfigPath;
  conflicts: Conflict[];
}

function merged(ours: unknown, theirs: unknown, { path, conflicts }: Place): unknown {
  if (theirs === undefined || isDeepStrictEqual(ours, theirs)) return ours;
  if (ours === undefined) return theirs;
  if (Array.isArray(ours) && Array.isArray(theirs)) return mergedList(ours, theirs, { path, conflicts });
  if (isEntry(ours) && isEntry(theirs)) {
    const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    const fields = [...keys].map((key) => [key, merged(ours[key], theirs[key], { path: [...path, key], conflicts })]);
    return Object.fromEntries(fields);
  }
  conflicts.push({ path, message: 'says something else than k8s-diskless needs there' });
  return ours;
}

function mergedList(ours: readonly unknown[], theirs: readonly unknown[], { path, conflicts }: Place): unknown[] {
  const identity = IDENTITY[String(path.at(-1))];
  const nameOf = (item: unknown): unknown => (identity !== undefined && isEntry(item) ? item[identity] : item);
  const result = [...ours];
  for (const [index, item] of theirs.entries()) {
    const at = result.findIndex((other) => isDeepStrictEqual(nameOf(other), nameOf(item)));
    if (at < 0) result.push(item);
    else result[at] = merged(result[at], item, { path: [...path, index], conflicts });
  }
  return result;
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const KINDS = ['files', 'directories', 'links'] as const;

/** What is a file of ours can be no directory or link of theirs. */
function kindConflicts({ storage: ours }: Ignition, { storage: theirs }: Ignition): Conflict[] {
  return KINDS.flatMap((kind) => {
    const taken = KINDS.filter((other) => other !== kind).flatMap((other) => ours?.[other] ?? []);
    return (theirs?.[kind] ?? []).flatMap(({ path }, index) =>
      taken.some((node) => node.path === path)
        ? [{ path: ['storage', kind, index, 'path'], message: `${path} is a file of k8s-diskless` }]
        : [],
    );
  });
}

function maskConflicts({ systemd: ours }: Ignition, { systemd: theirs }: Ignition): Conflict[] {
  const masked = new Set(ours?.units?.filter(({ mask }) => mask).map(({ name }) => name));
  return (theirs?.units ?? []).flatMap(({ name, mask }, index) =>
    masked.has(name) && mask !== true
      ? [{ path: ['systemd', 'units', index], message: `${name} is masked by k8s-diskless` }]
      : [],
  );
}
