import { namesOfFlag } from './host-expression.js';
import { problemsError } from './problems.js';
import { type ClusterSpec, controlPlanes } from './spec.js';
import { didYouMean } from './suggest.js';

/** What `--lost` names: a person's word about etcd's data, so every name must be one that can have some. */
export function lostMembers(expression: string | undefined, spec: ClusterSpec): ReadonlySet<string> {
  if (expression === undefined) return new Set();
  const names = namesOfFlag('--lost', expression);
  const members = controlPlanes(spec).map(({ name }) => name);
  const problems = names.flatMap((name) => {
    if (members.includes(name)) return [];
    if (spec.nodes.some((node) => node.name === name)) return [`--lost: ${name} is a worker and holds no etcd data`];
    const help = didYouMean(name, members) ?? `the control planes are ${members.join(', ')}`;
    return [`--lost: ${name} is not among the hosts; ${help}`];
  });
  if (problems.length > 0) throw problemsError(problems, '--lost');
  return new Set(names);
}
