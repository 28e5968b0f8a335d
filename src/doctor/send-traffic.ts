import { PKI } from '../components/pki-paths.js';
import type { ClusterSpec } from '../config/spec.js';
import { toDisklessError } from '../errors.js';
import { type Broken, gateway, networkScript, parseBroken } from '../reconcile/network-ways.js';
import type { Ask, Place } from './asks.js';
import type { CheckId } from './checks.js';
import type { Tallies } from './report.js';
import type { StandingNode } from './site.js';

export interface SendTrafficOptions {
  spec: ClusterSpec;
  nodes: readonly StandingNode[];
  asks: readonly Ask[];
  signal: AbortSignal;
}

/** kube-proxy and the name servers have just heard of the services. */
const PATIENCE_S = 10;
/** Beside the node's own clock: a last try of all, and the answer's way back. */
const GRACE_MS = 60_000;
const PLACES: readonly Place[] = ['node', 'pod', 'peer'];

/** Asks everything, all nodes at the same time: one script for each place. */
export async function sendTraffic({ spec, nodes, asks, signal }: SendTrafficOptions): Promise<Tallies> {
  const broken = await Promise.all(
    nodes.flatMap((node) =>
      PLACES.map((place) => {
        const own = asks.filter((ask) => ask.from === node.spec.name && ask.place === place);
        return own.length === 0 ? [] : askFrom({ spec, node, place, asks: own, signal });
      }),
    ),
  );
  return talliesOf(asks, broken.flat());
}

interface AskFrom extends Pick<SendTrafficOptions, 'spec' | 'asks' | 'signal'> {
  node: StandingNode;
  place: Place;
}

async function askFrom({ spec, node, place, asks, signal }: AskFrom): Promise<Broken<Ask>[]> {
  const source = spec.network.mode === 'manifest' ? undefined : gateway(node.spec);
  const { command, ...script } = networkScript({ ways: asks, ca: PKI.ca, source, patienceS: PATIENCE_S });
  const inside = place === 'node' ? command : `nsenter -t ${node.pids[place]} -n ${command}`;
  try {
    const { stdout } = await node.session.runAsRoot(
      { command: inside, ...script },
      { label: 'send traffic', timeoutMs: PATIENCE_S * 1000 + GRACE_MS, signal },
    );
    return parseBroken(stdout, asks);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = toDisklessError(error);
    return asks.map((ask) => ({ ...ask, why: `it could not be asked: ${message}` }));
  }
}

/** Pure. */
export function talliesOf(asks: readonly Ask[], broken: readonly Broken<Ask>[]): Tallies {
  const checks = [...new Set(asks.map(({ check }) => check))];
  return Object.fromEntries(
    checks.map((id: CheckId) => {
      const failures = broken
        .filter(({ check }) => check === id)
        .map(({ from, place, to, what, why }) => ({
          from,
          ...(to !== undefined && { to }),
          what: place === 'node' ? what : `from its pod to ${what}`,
          why,
        }));
      return [id, { asked: asks.filter(({ check }) => check === id).length, failures }];
    }),
  );
}
