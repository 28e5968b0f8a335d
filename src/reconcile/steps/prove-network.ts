import { PKI } from '../../components/pki-paths.js';
import { DisklessError } from '../../errors.js';
import { waitsFor } from '../../runner/long-waits.js';
import type { FailedGiving, Gave, StepPlace } from '../../runner/sequence.js';
import type { AtWork } from '../context.js';
import type { DnsState } from '../dns-pods.js';
import { glancing } from '../glance.js';
import {
  type BrokenWay,
  gateway,
  NETWORK_BROKEN,
  networkScript,
  parseBroken,
  type Way,
  waysOf,
} from '../network-ways.js';
import { shortly } from '../settling.js';

/** Beside the node's own clock: a last try, and the answer's way back. */
const GRACE_MS = 30_000;

export interface Traffic {
  tried: readonly Way[];
  broken: readonly BrokenWay[];
}

interface Proving extends AtWork {
  /** Nodes that became Ready. */
  readonly ready: ReadonlyMap<string, unknown>;
  readonly dns: DnsState | undefined;
}

/**
 * That files are in place and daemons well does not show that packets arrive: they are sent, from this node, the ways
 * that its components and pods send theirs. What was just started has some time.
 */
export async function proveNetwork(
  context: Proving,
  { node: name, signal, failed }: StepPlace,
): Promise<Gave<Traffic> | FailedGiving<Traffic>> {
  const { options, cluster, dns } = context;
  const { spec } = options;
  const { node } = context.work;
  const isReady = (other: string): boolean => context.ready.has(other) && !failed.has(other);
  const ready = spec.nodes.filter((other) => other.name === name || isReady(other.name));
  const ways = waysOf({ spec, node, ready, dns: dns?.answers === true });
  const source = spec.network.mode === 'manifest' ? undefined : gateway(node);
  const patience = Math.ceil(shortly(context).forMs / 1000);
  const tryAll = async (patienceS: number, own: AbortSignal): Promise<BrokenWay[]> => {
    const script = networkScript({ ways, ca: PKI.ca, source, patienceS });
    const { stdout } = await cluster.session(name).runAsRoot(script, {
      label: 'try the ways of the network',
      timeoutMs: patienceS * 1000 + GRACE_MS,
      signal: own,
    });
    return parseBroken(stdout, ways);
  };
  waitsFor('it tries the ways of the network');
  const glance = async (own: AbortSignal) => wordsOf(await tryAll(0, own));
  const found = await glancing(context, glance, () => tryAll(patience, signal));
  // Whoever went away meanwhile is told of by his own steps.
  const gone = new Set(found.flatMap(({ to }) => (to !== undefined && !cluster.session(to).isConnected ? [to] : [])));
  const isThere = ({ to }: Way): boolean => to === undefined || !gone.has(to);
  const broken = found.filter(isThere);
  const [first] = broken;
  const gives: Traffic = { tried: ways.filter(isThere), broken };
  if (first === undefined) return { outcome: 'unchanged', gives };
  const error = new DisklessError({
    code: NETWORK_BROKEN,
    host: name,
    message: `from it no traffic comes through to ${wordsOf(broken)}`,
    hint: first.hint,
    detail: broken.map(({ what, why }) => `${what}: ${why}`).join('\n'),
  });
  return { outcome: 'failed', error, gives };
}

const wordsOf = (broken: readonly BrokenWay[]): string => broken.map(({ what }) => what).join(', ');
