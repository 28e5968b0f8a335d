import { crossCheck, evenMembers } from './cross-checks.js';
import type { DraftNode, SpecDraft } from './draft.js';
import { heldVersions, type UpgradingTo } from './held-versions.js';
import { namesOfFlag } from './host-expression.js';
import { changesRefused, refusedChanges } from './lasting.js';
import { leavingNotes } from './leaving-nodes.js';
import type { LoadedConfig } from './load.js';
import { renewed } from './new-cluster.js';
import { placer } from './placer.js';
import { allocatePodCidrs } from './pod-cidrs.js';
import { type CrossProblem, problemsError } from './problems.js';
import { refusedFlags } from './refused-flags.js';
import { notesOf, type ResolveNote } from './resolve-notes.js';
import { decideRoles, type Roles } from './roles.js';
import { decideSettings, type VersionDefaults } from './settings.js';
import type { ClusterSpec, NodeSpec } from './spec.js';
import type { SpecFlags } from './spec-flags.js';
import type { UpgradeRecord } from './upgrade-stages.js';
import { noHostsError, type WantedHost, wantedHosts } from './wanted-hosts.js';

export interface ResolveInput {
  file?: LoadedConfig;
  flags: SpecFlags;
  /** The spec in the state directory. */
  recorded?: ClusterSpec;
  /** One is not finished. */
  upgrade?: UpgradeRecord;
  /** Their removal is not finished. */
  leaving?: readonly NodeSpec[];
  /** Of one that is about to begin. */
  upgradingTo?: UpgradingTo;
  /** A person's word that an empty cluster begins in the place of the recorded one. */
  newCluster?: boolean;
  defaults: VersionDefaults;
}

export interface ResolvedSpec {
  spec: ClusterSpec;
  notes: ResolveNote[];
}

/**
 * Decides everything that was left open, once. What is recorded stays, whatever the order of the list.
 *
 * @throws usage error (exit 2) with all problems and their places; refusal (exit 5) of changes an existing cluster
 * cannot follow
 */
export function resolveSpec(given: ResolveInput): ResolvedSpec {
  const held = given.newCluster ? { input: withNewCluster(given), notes: [] } : heldVersions(given);
  const { input } = held;
  const { file, flags, recorded, defaults } = input;
  const known = recorded?.nodes ?? [];
  const listed = wantedHosts({ hosts: flags.hosts, file, recorded: known, recordedUser: recorded?.ssh?.user });
  const wanted = listed ?? [];
  const left = leavingNotes(input.leaving ?? [], wanted);
  const nodeCount = Math.max(known.length, wanted.length);
  const settings = decideSettings({ file: file?.config, flags, recorded, defaults, nodeCount });
  if (listed === undefined && recorded === undefined) throw noHostsError(settings.name);
  const roles = rolesOf(input, wanted);
  const nodes = draftNodes(wanted, known, roles);
  const draft: SpecDraft = { ...settings, nodes };
  const place = placer({ file, flags, wanted });
  const lineOf = (problem: CrossProblem): string => `${place(problem)}: ${problem.message}`;
  if (roles.problems.length > 0) throw problemsError(roles.problems.map(lineOf), 'the configuration');
  if (recorded) refuseChanges({ recorded, draft, roles, lineOf });
  const problems = [...crossCheck(draft, known), ...refusedFlags(draft, { recorded: file === undefined })];
  if (problems.length > 0) throw problemsError(problems.map(lineOf), 'the configuration');
  const spec = { ...draft, nodes: allocatePodCidrs(nodes, settings.network) };
  const notes = notesOf({ wanted: listed, recorded, roles, ssh: spec.ssh });
  return { spec, notes: [...newClusterNotes(given, spec), ...held.notes, ...left, ...evenNotes(spec), ...notes] };
}

function withNewCluster({ recorded, ...input }: ResolveInput): ResolveInput {
  if (recorded === undefined) return input;
  return { ...input, recorded: renewed(recorded, { ...input, file: input.file?.config }) };
}

function evenNotes({ nodes }: ClusterSpec): ResolveNote[] {
  const message = evenMembers(nodes);
  return message === undefined ? [] : [{ code: 'control-planes-even', message }];
}

function newClusterNotes({ newCluster, recorded }: ResolveInput, spec: ClusterSpec): ResolveNote[] {
  if (!newCluster || recorded === undefined) return [];
  const versions = ({ kubernetes, etcd }: ClusterSpec): string => `Kubernetes ${kubernetes} with etcd ${etcd}`;
  const message = `a new cluster of ${versions(spec)} in place of the recorded one of ${versions(recorded)}`;
  return [{ code: 'new-cluster', message }];
}

function rolesOf({ file, flags, recorded }: ResolveInput, wanted: readonly WantedHost[]): Roles {
  const known = recorded?.nodes ?? [];
  if (flags.controlPlane === undefined) {
    return decideRoles({ wanted, recorded: known, controlPlane: file?.config.controlPlane });
  }
  const withoutRoles = wanted.map(({ role: _overridden, ...host }) => host);
  const controlPlane = namesOfFlag('--control-plane', flags.controlPlane);
  return decideRoles({ wanted: withoutRoles, recorded: known, controlPlane });
}

/** Recorded nodes first, in their order; then new ones, in the order of the list. */
function draftNodes(wanted: readonly WantedHost[], recorded: readonly NodeSpec[], { roles }: Roles): DraftNode[] {
  const listed = new Map(wanted.map((host) => [host.name, host]));
  const kept = recorded.map((node): DraftNode => {
    const host = listed.get(node.name);
    const role = roles.get(node.name) ?? node.role;
    return host ? { ...nodeOf(host, roles), podCidr: node.podCidr } : { ...node, role };
  });
  const names = new Set(recorded.map(({ name }) => name));
  return [...kept, ...wanted.filter(({ name }) => !names.has(name)).map((host) => nodeOf(host, roles))];
}

function nodeOf({ path: _path, role: _asked, name, ...host }: WantedHost, roles: Roles['roles']): DraftNode {
  return { name, role: roles.get(name) ?? 'worker', ...host };
}

interface Refusal {
  recorded: ClusterSpec;
  draft: SpecDraft;
  roles: Roles;
  lineOf: (problem: CrossProblem) => string;
}

function refuseChanges({ recorded, draft, roles, lineOf }: Refusal): void {
  const changes = refusedChanges(recorded, draft, roles);
  const lines = changes.map(({ path, message }) => lineOf({ paths: [path.split('.')], message }));
  if (lines.length > 0) throw changesRefused({ cluster: recorded.name, changes, lines });
}
