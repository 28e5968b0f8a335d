import type { KubernetesComponent } from './accepted-flags.js';
import { didYouMean } from './suggest.js';
import { KUBERNETES_RANGE, VERSION_TABLE } from './version-table.js';

/** A component whose arguments are judged. */
export interface Target {
  component: KubernetesComponent;
  /** e.g. `1.37.2` */
  version: string;
  minor: number;
  /** A later patch release than the listed one: it may accept names that the list has not. */
  isLaterPatch: boolean;
  /** How an argument is taken out. */
  takeOut: string;
}

interface Refused {
  /** What the list of the target has not. */
  name: string;
  target: Target;
  /** The names that a minor of the table accepts. */
  acceptedIn: (minor: number) => readonly string[];
  /** What is to be said of the name in the last minor that accepted it, e.g. `, locked to true`. */
  noteOf?: (minor: number) => string;
}

/**
 * What there is to do about a name that was removed, is too new, or never was one; undefined where the target may accept
 * it all the same.
 */
export function remedyOf({ name, target, acceptedIn, noteOf }: Refused): string | undefined {
  const { minor, isLaterPatch, takeOut } = target;
  const accepting = VERSION_TABLE.map((row) => row.minor).filter((other) => acceptedIn(other).includes(name));
  const last = accepting.findLast((other) => other < minor);
  if (last !== undefined) return `1.${last} was the last that did${noteOf?.(last) ?? ''}; ${takeOut}`;
  if (isLaterPatch) return undefined;
  const [first] = accepting;
  if (first !== undefined) return `1.${first} is the first that does; ${takeOut}`;
  return didYouMean(name, acceptedIn(minor)) ?? `no Kubernetes of ${KUBERNETES_RANGE} does; ${takeOut}`;
}
