import type { KubeNode, KubePod } from './objects.js';

/** What the scheduler counts, as far as it keeps ordinary pods off a node. */
const RESOURCES = ['cpu', 'memory'];

export interface RoomInput {
  pod: KubePod;
  node: KubeNode;
  /** All that are on that node. */
  there: readonly KubePod[];
}

/** Whether the node has what the pod requests, beside the pods that would not be evicted for it. Pure. */
export function hasRoom({ pod, node, there }: RoomInput): boolean {
  const staying = there.filter(({ spec, status }) => {
    const isOver = ['Succeeded', 'Failed'].includes(status?.phase ?? '');
    return !isOver && (spec.priority ?? 0) >= (pod.spec.priority ?? 0);
  });
  const { allocatable = {} } = node.status ?? {};
  const fits = (resource: string, wanted: number): boolean =>
    allocatable[resource] === undefined || wanted <= quantity(allocatable[resource]);
  if (!fits('pods', staying.length + 1)) return false;
  return RESOURCES.every((resource) => {
    const wanted = [pod, ...staying].map((each) => requested(each, resource));
    return fits(
      resource,
      wanted.reduce((sum, one) => sum + one, 0),
    );
  });
}

/** Init containers come before the others, one at a time; sidecars stay beside them. */
function requested({ spec }: KubePod, resource: string): number {
  const { containers = [], initContainers = [], overhead = {} } = spec;
  const of = ({ resources }: (typeof containers)[number]): number => quantity(resources?.requests?.[resource] ?? '0');
  let sidecars = 0;
  let peak = 0;
  for (const container of initContainers) {
    peak = Math.max(peak, sidecars + of(container));
    if (container.restartPolicy === 'Always') sidecars += of(container);
  }
  const running = containers.reduce((sum, container) => sum + of(container), sidecars);
  return Math.max(running, peak) + quantity(overhead[resource] ?? '0');
}

const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** resource.Quantity: `50m`, `40Mi`, `1.5`, `1e9`. */
export function quantity(text: string): number {
  const [, digits = '', suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
  const binary = BINARY.indexOf(suffix);
  const factor = binary > 0 ? 1024 ** binary : 1000 ** (DECIMAL.indexOf(suffix) - DECIMAL.indexOf(''));
  return Number(digits) * factor;
}
