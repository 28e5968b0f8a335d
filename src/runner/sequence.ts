import type { Role } from '../config/spec.js';
import type { DisklessError } from '../errors.js';

/* A sequence is a list of steps that name each other as what they need; what one gives, others are handed by type. */

/** Where a step runs: once for the cluster, or once for every node of these roles. */
export type Place = 'cluster' | 'every-node' | Role;

export type Outcome = 'changed' | 'unchanged';

/** What a step found out or made, for those that need it. */
export interface Gave<Value> {
  outcome: Outcome;
  gives: Value;
}

/** It failed, and found something out all the same: only who needs it `settled` is handed that. */
export interface FailedGiving<Value> {
  outcome: 'failed';
  error: DisklessError;
  gives: Value;
}

export type StepResult<Value = unknown> = Outcome | Gave<Value> | FailedGiving<Value>;

/** What is given by a step that ends with such a result; undefined where it gives nothing. */
export type GivenBy<Result> = Result extends { gives: infer Value } ? Value : undefined;

/** A step of a sequence: data that can be read in a minute; `run` is the one verb behind it. */
export interface Step<Services, On extends Place = Place, Value = unknown> {
  id: string;
  /** What a person reads while it runs. */
  title: string;
  on: On;
  needs: Needs;
  /** The services of the sequence and what was needed, by name: nobody else has this object, and nobody writes to it. */
  run: (context: Services, at: StepPlace) => Promise<StepResult<Value>>;
  /** Called instead of `run` when the step is skipped or cancelled: others may wait for what it would have done. */
  leftOut?: (context: Services) => void;
}

export interface StepPlace {
  /** Node name; empty for cluster steps. */
  node: string;
  step: string;
  signal: AbortSignal;
  /** Nodes on which a step has failed so far. */
  failed: ReadonlySet<string>;
}

type NeedKind = 'same' | 'settled' | 'any';

/**
 * What a step waits for, and is handed the results of; it reads no others.
 * `same`: the step of this node (or the cluster's), if it has one; a failure there skips this step.
 * `settled`: the step on all nodes of its role, whether it succeeded or not.
 * `any`: the first success on a node of the role.
 */
export interface Need<Kind extends NeedKind = NeedKind, Of extends Place = Place, Value = unknown> {
  kind: Kind;
  /** Told by its ID: a sequence may hold another step in its place, one that gives the same. */
  step: Step<never, Of, Value>;
}

export type Needs = Readonly<Record<string, Need>>;

export const same = <Of extends Place, Value>(step: Step<never, Of, Value>): Need<'same', Of, Value> => ({
  kind: 'same',
  step,
});
export const settled = <Of extends Place, Value>(step: Step<never, Of, Value>): Need<'settled', Of, Value> => ({
  kind: 'settled',
  step,
});
export const any = <Of extends Place, Value>(step: Step<never, Of, Value>): Need<'any', Of, Value> => ({
  kind: 'any',
  step,
});

/** What a step that runs there is handed, under the names it has for it. */
export type Handed<On extends Place, Wanted extends Needs> = {
  readonly [Name in keyof Wanted]: HandedFor<On, Wanted[Name]>;
};

type HandedFor<On extends Place, Wanted> =
  Wanted extends Need<infer Kind, infer Of, infer Value>
    ? Kind extends 'settled'
      ? SettledValue<Of, Value>
      : Kind extends 'any'
        ? Value
        : SameValue<On, Of, Value>
    : never;

/** Node name → what its step gave, of those that gave something. */
type SettledValue<Of extends Place, Value> = Of extends 'cluster' ? Value | undefined : ReadonlyMap<string, Value>;

/** The cluster has no step of a node; a node of another role has none either, and does not wait. */
type SameValue<On extends Place, Of extends Place, Value> = Of extends 'cluster'
  ? Value
  : On extends 'cluster'
    ? undefined
    : Of extends 'every-node' | On
      ? Value
      : Value | undefined;

/**
 * Makes steps of sequences that have these services, for one place: a line each. TypeScript holds `run` to what the
 * services and needs hand it; here that knowledge ends, and the runner hands by name.
 */
export function stepsOn<Services, On extends Place>(on: On) {
  return <Wanted extends Needs, Result extends StepResult>(
    id: string,
    title: string,
    needs: Wanted,
    run: (context: Services & Handed<On, Wanted>, at: StepPlace) => Promise<Result>,
    /** Handed what is there of what it needs. */
    leftOut?: (context: Services & Partial<Handed<On, Wanted>>) => void,
  ) => ({ id, title, on, needs, run, ...(leftOut && { leftOut }) }) as unknown as Step<Services, On, GivenBy<Result>>;
}

export interface PlannedNode {
  name: string;
  role: Role;
}

export function appliesTo(on: Place, role: Role): boolean {
  return on === 'every-node' || on === role;
}
