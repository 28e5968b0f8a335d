import { isDeepStrictEqual } from 'node:util';
import type { ConfigPath } from '../../config/problems.js';
import { type Conflict, isEntry, ownEntryConflicts } from './own-entries.js';
import { type Ignition, ignitionSchema } from './schema.js';

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

/**
 * The user's own Ignition beside ours: lists are joined, entries of one name or path become one, and where both say
 * something of the same field they must say the same. Nothing is overridden silently, in neither direction.
 *
 * @param theirs Of the same major version; the version itself is ours.
 */
export function mergeIgnition(ours: Ignition, theirs: Ignition): Merged {
  const { config, conflicts } = joinIgnition(ours, theirs, 'k8s-diskless');
  return { config, conflicts: [...conflicts, ...ownEntryConflicts(ours, theirs)] };
}

/**
 * Two files of Ignition as one, by the same rules, but no entry is closed.
 *
 * @param whose Whose the first one is, for messages.
 */
export function joinIgnition(first: Ignition, second: Ignition, whose: string): Merged {
  const conflicts = nodeConflicts(first, second, whose);
  const { version: _version, ...ignition } = second.ignition;
  const config = merged(first, { ...second, ignition }, { path: [], whose, conflicts });
  return { config: ignitionSchema.parse(config), conflicts };
}

/** Entries of one list that speak of the same thing, which Ignition refuses. */
export function duplicates(value: unknown, path: ConfigPath = []): Conflict[] {
  if (isEntry(value)) return Object.entries(value).flatMap(([key, item]) => duplicates(item, [...path, key]));
  if (!Array.isArray(value)) return [];
  const identity = IDENTITY[String(path.at(-1))];
  const names = value.map((item) => (identity !== undefined && isEntry(item) ? item[identity] : undefined));
  return value.flatMap((item, index) => {
    const twice = names[index] !== undefined && names.indexOf(names[index]) < index;
    const message = `speaks of ${names[index]} a second time; make one entry of both`;
    return [...(twice ? [{ path: [...path, index], message }] : []), ...duplicates(item, [...path, index])];
  });
}

interface Place {
  path: ConfigPath;
  whose: string;
  conflicts: Conflict[];
}

function merged(ours: unknown, theirs: unknown, { path, whose, conflicts }: Place): unknown {
  if (theirs === undefined || isDeepStrictEqual(ours, theirs)) return ours;
  if (ours === undefined) return theirs;
  if (Array.isArray(ours) && Array.isArray(theirs)) return mergedList(ours, theirs, { path, whose, conflicts });
  if (isEntry(ours) && isEntry(theirs)) {
    const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    const place = (key: string): Place => ({ path: [...path, key], whose, conflicts });
    return Object.fromEntries([...keys].map((key) => [key, merged(ours[key], theirs[key], place(key))]));
  }
  conflicts.push({ path, message: `says something else than ${whose}` });
  return ours;
}

function mergedList(ours: readonly unknown[], theirs: readonly unknown[], { path, whose, conflicts }: Place) {
  const identity = IDENTITY[String(path.at(-1))];
  const nameOf = (item: unknown): unknown => (identity !== undefined && isEntry(item) ? item[identity] : item);
  const result = [...ours];
  for (const [index, item] of theirs.entries()) {
    const at = result.findIndex((other) => isDeepStrictEqual(nameOf(other), nameOf(item)));
    if (at < 0) result.push(item);
    else result[at] = merged(result[at], item, { path: [...path, index], whose, conflicts });
  }
  return result;
}

const KINDS = ['files', 'directories', 'links'] as const;

/** What is a file in the first can be no directory or link in the second, nor lie behind one that is no directory. */
function nodeConflicts({ storage: first }: Ignition, { storage: second }: Ignition, whose: string): Conflict[] {
  return KINDS.flatMap((kind) => {
    const taken = KINDS.filter((other) => other !== kind).flatMap((other) => first?.[other] ?? []);
    const below = kind === 'directories' ? [] : KINDS.flatMap((other) => first?.[other] ?? []);
    return (second?.[kind] ?? []).flatMap(({ path }, index) => {
      const at = ['storage', kind, index, 'path'];
      if (taken.some((node) => node.path === path)) {
        return [{ path: at, message: `${path} is something else in what ${whose} writes` }];
      }
      const inside = below.find((node) => node.path.startsWith(`${path}/`));
      return inside ? [{ path: at, message: `${path} must be a directory: ${whose} writes ${inside.path}` }] : [];
    });
  });
}
