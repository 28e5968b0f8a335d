import { scriptText } from '../../../node/script-text.js';
import { bashScript, type RemoteCommand } from '../../../ssh/bash-script.js';
import { shellQuote } from '../../../ssh/quote.js';
import type { Path } from '../../record/terms.js';
import type { Cell } from './plan-cells.js';
import { endsOf } from './targets.js';
import type { NodeTools, ToolEndpoint } from './tool-pods.js';

const LINKS = scriptText('bench-links.bash');

/** Header of IPv4 and of ICMP. */
export const ECHO_HEADERS = 28;
/** Ways on which ICMP goes; services carry only what they name. */
const PINGABLE: readonly Path[] = ['host', 'pod-same-node', 'pod'];

export interface MtuCheck {
  path: Path;
  from: string;
  to: string;
  mtu: number;
  passed: boolean;
}

export interface MtuOptions {
  tools: ReadonlyMap<string, NodeTools>;
  cells: readonly Cell[];
  signal: AbortSignal;
}

/** Tries, both ways on every path that is measured, whether packets as large as the sender's MTU arrive whole. */
export async function checkMtu({ tools, cells, signal }: MtuOptions): Promise<MtuCheck[]> {
  const ways = new Map<string, Pick<Cell, 'path' | 'from' | 'to'>>();
  for (const { path, from, to } of cells) {
    if (!PINGABLE.includes(path)) continue;
    ways.set(`${path} ${from} ${to}`, { path, from, to });
    ways.set(`${path} ${to} ${from}`, { path, from: to, to: from });
  }
  return Promise.all(
    [...ways.values()].map(async (way) => {
      const { client, address } = endsOf(tools, way);
      const mtu = await mtuOf(client, signal);
      // Three tries, since a first packet may wait for a neighbour to be found; -M do: never in fragments.
      const ping = `ping -n -q -c 3 -i 0.2 -W 1 -M do -s ${mtu - ECHO_HEADERS} ${shellQuote(address)}`;
      const { exitCode } = await inNamespace(client, { command: ping }, signal);
      return { ...way, mtu, passed: exitCode === 0 };
    }),
  );
}

/** A pod, as its node gets into its network. */
type Inside = Pick<ToolEndpoint, 'address' | 'pid'> & { node: Pick<ToolEndpoint['node'], 'session'> };

/** MTU of the interface that packets leave through. */
export async function mtuOf(client: Inside, signal: AbortSignal): Promise<number> {
  const { stdout } = await inNamespace(client, bashScript(LINKS), signal);
  const link = new RegExp(`^\\d+: (\\S+)\\s+inet ${client.address.replaceAll('.', '\\.')}/`, 'm').exec(stdout)?.[1];
  return Number(new RegExp(`^\\d+: ${link}[@:].* mtu (\\d+) `, 'm').exec(stdout)?.[1]);
}

function inNamespace({ node, pid }: Inside, { command, ...script }: RemoteCommand, signal: AbortSignal) {
  return node.session.exec(`nsenter -t ${pid} -n ${command}`, {
    label: 'check the MTU',
    root: true,
    ...script,
    timeoutMs: 30_000,
    signal,
  });
}
