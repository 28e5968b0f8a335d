import type { CrossProblem } from './problems.js';
import type { NodeSpec, Role } from './spec.js';
import { didYouMean } from './suggest.js';
import type { WantedHost } from './wanted-hosts.js';

export interface RoleInput {
  /** This run's list; empty when the recorded cluster is used as it is. */
  wanted: readonly WantedHost[];
  recorded: readonly NodeSpec[];
  /** The complete list given by --control-plane or the config file's controlPlane. */
  controlPlane?: readonly string[];
}

export interface Roles {
  roles: ReadonlyMap<string, Role>;
  problems: CrossProblem[];
  /** Recorded workers that are asked to be control planes. */
  promoted: string[];
  /** Recorded control planes that are asked to be workers: what takes a vote away is never implied by a list. */
  demoted: string[];
  /** Names made control planes by the default rule. */
  byDefault: string[];
}

/** An etcd of three survives any one reboot. */
const DEFAULT_MEMBERS = 3;

/**
 * Who is what. Recorded roles stay, but that a worker may become a control plane; a new host of a recorded cluster is a worker unless it is named; in a new cluster
 * without names the first three of three or more are control planes, with fewer the first one.
 */
export function decideRoles({ wanted, recorded, controlPlane }: RoleInput): Roles {
  const named = controlPlane ?? namedByRole(wanted);
  const byDefault = named === undefined && recorded.length === 0 ? defaultMembers(wanted) : [];
  const members = new Set(named ?? byDefault);
  const roles = new Map<string, Role>();
  for (const { name } of wanted) roles.set(name, members.has(name) ? 'control-plane' : 'worker');
  for (const { name, role } of recorded) roles.set(name, role);
  const changes = recorded.flatMap(({ name, role }) => {
    const asked = controlPlane ? listedRole(name, controlPlane) : wanted.find((host) => host.name === name)?.role;
    return asked === undefined || asked === role ? [] : [{ name, from: role, to: asked }];
  });
  const promoted = changes.flatMap(({ name, to }) => (to === 'control-plane' ? [name] : []));
  for (const name of promoted) roles.set(name, 'control-plane');
  return {
    roles,
    problems: [...unknownNames(named ?? [], [...roles.keys()]), ...contradictions(wanted, controlPlane)],
    promoted,
    demoted: changes.flatMap(({ name, to }) => (to === 'worker' ? [name] : [])),
    byDefault,
  };
}

/** Control planes marked in the config file's host entries; undefined when none is. */
function namedByRole(wanted: readonly WantedHost[]): string[] | undefined {
  const names = wanted.filter(({ role }) => role === 'control-plane').map(({ name }) => name);
  return names.length === 0 ? undefined : names;
}

function defaultMembers(wanted: readonly WantedHost[]): string[] {
  const free = wanted.filter(({ role }) => role !== 'worker').map(({ name }) => name);
  return free.slice(0, free.length >= DEFAULT_MEMBERS ? DEFAULT_MEMBERS : 1);
}

function listedRole(name: string, controlPlane: readonly string[]): Role {
  return controlPlane.includes(name) ? 'control-plane' : 'worker';
}

function unknownNames(named: readonly string[], known: readonly string[]): CrossProblem[] {
  return named.flatMap((name, index) => {
    if (known.includes(name)) return [];
    const help = didYouMean(name, known) ?? `the hosts are ${known.join(', ')}`;
    return [{ paths: [['controlPlane', index]], message: `${name} is not among the hosts; ${help}` }];
  });
}

/** A host's own `role` against the list of control planes. */
function contradictions(wanted: readonly WantedHost[], controlPlane: readonly string[] | undefined): CrossProblem[] {
  if (controlPlane === undefined) return [];
  return wanted.flatMap(({ name, role }) => {
    const listed = listedRole(name, controlPlane);
    if (role === undefined || role === listed) return [];
    const message = `${name} has the role ${role} here, and is a ${listed} by the list of control planes`;
    return [{ node: name, paths: [['role']], message }];
  });
}
