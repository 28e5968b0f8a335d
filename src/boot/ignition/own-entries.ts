import type { ConfigPath } from '../../config/problems.js';
import type { Ignition } from './schema.js';

/** A place in the user's file that says something else than k8s-diskless. */
export interface Conflict {
  path: ConfigPath;
  /** Continues the path. */
  message: string;
}

type Entry = Record<string, unknown>;

export function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a user may add to an entry of ours. All else stays as it is: a field we leave out has its meaning, too. */
const OPEN = {
  users: ['sshAuthorizedKeys', 'groups', 'gecos'],
  files: [],
  units: ['dropins'],
} as const;

/**
 * Where the user's file changes a user, a file or a unit of ours by a field that ours leaves out: `shouldExist: false`
 * is no contradiction word by word, and nobody could log in.
 */
export function ownEntryConflicts(ours: Ignition, theirs: Ignition): Conflict[] {
  return [userConflicts, fileConflicts, unitConflicts, unitPathConflicts].flatMap((check) => check(ours, theirs));
}

function userConflicts({ passwd: ours }: Ignition, { passwd: theirs }: Ignition): Conflict[] {
  return (theirs?.users ?? []).flatMap((user, index) => {
    const own = ours?.users?.find(({ name }) => name === user.name);
    return own ? closedConflicts(own, user, { path: ['passwd', 'users', index], open: OPEN.users }) : [];
  });
}

function fileConflicts({ storage: ours }: Ignition, { storage: theirs }: Ignition): Conflict[] {
  return (theirs?.files ?? []).flatMap((file, index) => {
    const own = ours?.files?.find(({ path }) => path === file.path);
    return own ? closedConflicts(own, file, { path: ['storage', 'files', index], open: OPEN.files }) : [];
  });
}

function unitConflicts({ systemd: ours }: Ignition, { systemd: theirs }: Ignition): Conflict[] {
  return (theirs?.units ?? []).flatMap((unit, index) => {
    const path = ['systemd', 'units', index];
    const own = ours?.units?.find(({ name }) => name === unit.name);
    if (own?.mask && unit.mask !== true) return [{ path, message: `${unit.name} is masked by k8s-diskless` }];
    return own ? closedConflicts(own, unit, { path, open: OPEN.units }) : [];
  });
}

/** A unit of ours is no file or link of theirs either. */
function unitPathConflicts({ systemd }: Ignition, { storage }: Ignition): Conflict[] {
  const units = new Map(systemd?.units?.map(({ name }) => [`/etc/systemd/system/${name}`, name]));
  return (['files', 'directories', 'links'] as const).flatMap((kind) =>
    (storage?.[kind] ?? []).flatMap(({ path }, index) => {
      const name = units.get(path);
      const message = `${path} is the unit ${name} of k8s-diskless; add a drop-in to it under systemd.units`;
      return name === undefined ? [] : [{ path: ['storage', kind, index, 'path'], message }];
    }),
  );
}

/** What an entry of theirs adds to the one of ours. Where both say something, merging compares. */
function closedConflicts(own: Entry, theirs: Entry, { path, open }: { path: ConfigPath; open: readonly string[] }) {
  const rest = open.length > 0 ? `only ${open.join(', ')} may be added` : 'nothing may be added to it';
  return Object.entries(theirs)
    .filter(([key]) => !open.includes(key))
    .flatMap(([key, value]) => additions(own[key], value, [...path, key]))
    .map((at): Conflict => ({ path: at, message: `changes what k8s-diskless writes there; ${rest}` }));
}

/** Paths of what is said where ours says nothing; null and empty values are as good as nothing. */
function additions(own: unknown, theirs: unknown, path: ConfigPath): ConfigPath[] {
  if (theirs === null || theirs === undefined) return [];
  if (isEntry(theirs) && (own === undefined || isEntry(own))) {
    return Object.entries(theirs).flatMap(([key, value]) => additions(own?.[key], value, [...path, key]));
  }
  const empty = Array.isArray(theirs) && theirs.length === 0;
  return own === undefined && !empty ? [path] : [];
}
