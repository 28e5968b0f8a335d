import { usageError } from '../errors.js';
import type { NodeSpec } from './spec.js';
import { didYouMean } from './suggest.js';

/** The node of this name. @throws usage error `no-such-node` */
export function nodeNamed(nodes: readonly NodeSpec[], name: string): NodeSpec {
  const found = nodes.find((each) => each.name === name);
  if (found) return found;
  const names = nodes.map((each) => each.name);
  throw usageError({
    code: 'no-such-node',
    message: `${name} is no node of this cluster`,
    hint: didYouMean(name, names) ?? `its nodes are ${names.join(', ')}`,
  });
}
