import type { Role } from '../config/spec.js';

/** A step of a sequence: data that can be read in a minute; `run` is the one verb behind it. */
export interface Step<Context> {
  id: string;
  /** What a person reads while it runs. */
  title: string;
  /** Once for the cluster, or once for every node of these roles. */
  on: 'cluster' | 'every-node' | Role;
  after: readonly Dependency[];
  run: (context: Context, place: StepPlace) => Promise<StepResult>;
  /** Called instead of `run` when the step is skipped or cancelled: others may wait for what it would have done. */
  leftOut?: (context: Context, node: string) => void;
}

export interface StepPlace {
  /** Node name; empty for cluster steps. */
  node: string;
  step: string;
  signal: AbortSignal;
  /** Nodes on which a step has failed so far. */
  failed: ReadonlySet<string>;
}

export type StepResult = 'changed' | 'unchanged';

/**
 * What a step waits for.
 * `same`: the step of this node (or the cluster's), if it has one; a failure there skips this step.
 * `settled`: the step on all nodes of its role, whether it succeeded or not.
 * `any`: the first success on a node of the role.
 */
export type Dependency = { kind: 'same' | 'settled' | 'any'; step: string };

export const same = (step: string): Dependency => ({ kind: 'same', step });
export const settled = (step: string): Dependency => ({ kind: 'settled', step });
export const any = (step: string): Dependency => ({ kind: 'any', step });

export interface PlannedNode {
  name: string;
  role: Role;
}

export function appliesTo(on: Step<never>['on'], role: Role): boolean {
  return on === 'every-node' || on === role;
}
