import { OWN_PORTS } from '../node/ports.js';
import type { NodeFinding } from '../plan/finding.js';
import { isOurs } from '../plan/own-resources.js';
import { type ClosedPort, closedPortFindings } from '../plan/preflight-ports.js';
import type { Run } from './context.js';
import type { FitNode } from './hosts.js';
import { networkScript, parseBroken } from './network-ways.js';

/** A packet that was lost is sent again after a second, and then after two. */
const TRY_S = 4;
const TIMEOUT_MS = 30_000;

/**
 * Whether control planes that are about to begin an etcd reach each other: its members would wait for each other in vain,
 * and where they are there already, they say so themselves. Nobody listens yet: a refusal has come the whole way.
 */
export async function closedPorts(context: Run, located: readonly FitNode[]): Promise<Map<string, NodeFinding>> {
  if (context.memory.record?.etcd.phase === 'bootstrapped') return new Map();
  const members = located.filter(({ node, facts }) => node.role === 'control-plane' && !isOurs(facts));
  if (members.length < 2) return new Map();
  const closed = members.map((from) =>
    closedFrom(
      context,
      from,
      members.filter((other) => other !== from),
    ),
  );
  return closedPortFindings((await Promise.all(closed)).flat());
}

async function closedFrom(
  { cluster, options, signal }: Run,
  { node: { name: from } }: FitNode,
  others: readonly FitNode[],
): Promise<ClosedPort[]> {
  const { etcdClient, etcdPeer, kubelet } = OWN_PORTS;
  const ports = [etcdClient, etcdPeer, { port: options.spec.apiServer.port, owner: 'kube-apiserver' }, kubelet];
  const ways = others.flatMap(({ node: { name: to }, nodeIp: address }) =>
    ports.map(({ port, owner }) => ({ from, to, address, port, owner, word: `reach=${address}:${port}` })),
  );
  try {
    const script = networkScript({ ways, tryS: TRY_S });
    const how = { label: 'try the ports of other control planes', timeoutMs: TIMEOUT_MS, signal };
    const { stdout } = await cluster.session(from).runAsRoot(script, how);
    return parseBroken(stdout, ways);
  } catch {
    // Its connection was lost: its own steps tell of that.
    signal.throwIfAborted();
    return [];
  }
}
