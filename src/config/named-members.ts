import { usageError } from '../errors.js';
import { namesOfFlag } from './host-expression.js';
import { problemsError } from './problems.js';
import { type ClusterSpec, controlPlanes } from './spec.js';
import { didYouMean } from './suggest.js';

/* A person's words about etcd's data, so every name must be one that can have some. */

/** What `--lost` names. */
export function lostMembers(expression: string | undefined, spec: ClusterSpec): ReadonlySet<string> {
  return expression === undefined ? new Set() : namedMembers('--lost', expression, spec);
}

/** What `--discard-data` names. @param expression `true` where it names nobody: no blanket word is taken for a loss */
export function discardedMembers(expression: string | true | undefined, spec: ClusterSpec): ReadonlySet<string> {
  if (expression === undefined) return new Set();
  if (expression !== true) return namedMembers('--discard-data', expression, spec);
  const [first = 's4'] = controlPlanes(spec).map(({ name }) => name);
  throw usageError({
    code: 'discard-data-unnamed',
    message: '--discard-data names the control planes whose etcd data may go',
    hint: `give their names, as in --discard-data ${first}; what up or plan says has them`,
  });
}

/** What `--recover-from` names, which is one. */
export function recoveredMember(expression: string, spec: ClusterSpec): string {
  const [name = '', ...others] = namedMembers('--recover-from', expression, spec);
  if (others.length === 0) return name;
  throw problemsError(['--recover-from: the next life is made of the data of one control plane'], '--recover-from');
}

function namedMembers(flag: string, expression: string, spec: ClusterSpec): ReadonlySet<string> {
  const names = namesOfFlag(flag, expression);
  const members = controlPlanes(spec).map(({ name }) => name);
  const problems = names.flatMap((name) => {
    if (members.includes(name)) return [];
    if (spec.nodes.some((node) => node.name === name)) return [`${flag}: ${name} is a worker and holds no etcd data`];
    const help = didYouMean(name, members) ?? `the control planes are ${members.join(', ')}`;
    return [`${flag}: ${name} is not among the hosts; ${help}`];
  });
  if (problems.length > 0) throw problemsError(problems, flag);
  return new Set(names);
}
