import { didYouMean } from '../src/config/suggest.js';
import { NEWEST, VERSION_TABLE } from '../src/config/version-table.js';
import { usageError } from '../src/errors.js';

/** Software that a lab's cluster is made of. */
export interface Generation {
  name: string;
  /** Minor, of which lab/modules has a module, e.g. `1.37`. */
  kubernetes: string;
  /** Series, likewise, e.g. `3.7`. */
  etcd: string;
  /** What nodes have unless they are asked for with another. */
  system: SystemName;
}

/** Container runtime in a node's /usr: built from today's modules, or Debian's containerd 1.6. */
export type SystemName = 'newest' | 'oldest';

export const SYSTEMS: readonly SystemName[] = ['newest', 'oldest'];
export const NEWEST_GENERATION = 'newest';

/** Both ends of what is supported; a minor such as `1.35` names what lies between. */
const ENDS: readonly Generation[] = [
  { name: NEWEST_GENERATION, kubernetes: `1.${NEWEST.minor}`, etcd: seriesOf(NEWEST.etcd), system: 'newest' },
  { name: 'oldest', kubernetes: '1.32', etcd: '3.5', system: 'oldest' },
];

export const GENERATIONS: readonly Generation[] = [
  ...ENDS,
  ...VERSION_TABLE.map(({ minor, etcd }) => ({
    name: `1.${minor}`,
    kubernetes: `1.${minor}`,
    etcd: seriesOf(etcd),
    system: 'newest' as const,
  })),
];

function seriesOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

export function generationOf(name: string): Generation {
  const found = GENERATIONS.find((generation) => generation.name === name);
  if (found !== undefined) return found;
  const names = GENERATIONS.map((generation) => generation.name);
  throw usageError({
    code: 'lab-generation-unknown',
    message: `the lab has no generation ${JSON.stringify(name)}`,
    hint: didYouMean(name, names) ?? `generations: ${names.join(', ')}`,
  });
}
