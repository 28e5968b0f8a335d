import type { HashedCandidates } from './candidate.js';
import { candidatesOf } from './candidates.js';
import type { Reconciliation } from './reconciliation.js';
import { rehashed } from './rehash.js';

/** Preflight of every machine that was read, once in a pass; with the facts as they are known by now. */
export async function checkedMachines(context: Reconciliation): Promise<HashedCandidates> {
  context.checked ??= candidatesOf(context).then((candidates) => rehashed(context, candidates));
  const { fit, ...rest } = await context.checked;
  const known = fit.map((each) => ({ ...each, facts: context.facts.get(each.node.name) ?? each.facts }));
  return { ...rest, fit: known };
}
