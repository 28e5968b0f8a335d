import { DisklessError } from '../../../errors.js';
import type { Path } from '../../record/terms.js';
import type { Cell } from './plan-cells.js';
import type { NodeTools, ToolEndpoint } from './tool-pods.js';

export interface CellEnds {
  client: ToolEndpoint;
  /** The pod that answers, behind whatever address. */
  server: ToolEndpoint;
  address: string;
  /** Where a port of the server is found. */
  port: (number: number) => number;
}

/** From which pod to which address a cell goes. */
export function endsOf(
  tools: ReadonlyMap<string, NodeTools>,
  { path, from, to }: Pick<Cell, 'path' | 'from' | 'to'>,
): CellEnds {
  const [near, far] = [toolsOn(tools, from), toolsOn(tools, to)];
  const { clusterIp, nodePorts } = far.service;
  const plain = (number: number): number => number;
  const ends: Record<Path, CellEnds> = {
    host: { client: near.host, server: far.host, address: far.host.address, port: plain },
    'pod-same-node': { client: near.peer, server: far.pod, address: far.pod.address, port: plain },
    pod: { client: near.pod, server: far.pod, address: far.pod.address, port: plain },
    'cluster-ip': { client: near.pod, server: far.pod, address: clusterIp, port: plain },
    'node-port': {
      client: near.pod,
      server: far.pod,
      address: far.host.address,
      port: (number) => nodePorts.get(number) ?? 0,
    },
  };
  return ends[path];
}

function toolsOn(tools: ReadonlyMap<string, NodeTools>, node: string): NodeTools {
  const found = tools.get(node);
  if (found) return found;
  throw new DisklessError({ code: 'bench-tools', host: node, message: 'no measuring tool runs on it' });
}
