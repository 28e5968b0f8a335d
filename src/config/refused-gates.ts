import { acceptedFlags, type FeatureGate } from './accepted-flags.js';
import type { AskedGate } from './asked-gates.js';
import type { CrossProblem } from './problems.js';
import { remedyOf, type Target } from './refusal-remedy.js';
import { VERSION_TABLE } from './version-table.js';

interface GateTarget extends Target {
  /** It is told to behave as an older one, whose locks are not known here. */
  emulates: boolean;
}

/** Gates that the component does not know, or not with this value. */
export function refusedGates(target: GateTarget, asked: readonly AskedGate[]): CrossProblem[] {
  return asked.flatMap((gate) => {
    const message = problemOf(target, gate);
    return message === undefined ? [] : [{ paths: [gate.path], message }];
  });
}

function problemOf(target: GateTarget, { name, value }: AskedGate): string | undefined {
  const { component, version, minor, takeOut } = target;
  const subject = `${component} ${version}`;
  const gatesIn = (other: number) => acceptedFlags(other, component).gates;
  const gate = gatesIn(minor)[name];
  if (gate === undefined) {
    const acceptedIn = (other: number) => Object.keys(gatesIn(other));
    const noteOf = (other: number) => lockOf(gatesIn(other)[name]);
    const remedy = remedyOf({ name, target, acceptedIn, noteOf });
    return remedy && `${subject} does not know the feature gate ${name}: ${remedy}`;
  }
  if (value === undefined) return `the feature gate ${name} must be true or false`;
  if (!gate.locked || target.emulates || gate.default === value) return undefined;
  const reason = `it is ${gate.stage} and locked to ${gate.default} ${sinceWhen(name, target)}`;
  return `${subject} refuses the feature gate ${name}=${value}: ${reason}; ${takeOut}`;
}

/** What was locked goes on as it was. */
function lockOf(gate: FeatureGate | undefined): string {
  return gate?.locked ? `, and had it ${gate.stage} and locked to ${gate.default}` : '';
}

function sinceWhen(name: string, { minor, component }: Target): string {
  const isLocked = (other: number) => acceptedFlags(other, component).gates[name]?.locked === true;
  const before = VERSION_TABLE.map((row) => row.minor).filter((other) => other < minor);
  const lastUnlocked = before.findLast((other) => !isLocked(other));
  return lastUnlocked === undefined ? `since 1.${before[0] ?? minor} or earlier` : `since 1.${lastUnlocked + 1}`;
}
