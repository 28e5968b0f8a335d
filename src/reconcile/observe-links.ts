import { deadline } from '../abort.js';
import { OWN_PORTS } from '../node/ports.js';
import type { JudgedRun, Run } from './context.js';
import type { Separation } from './link-watch.js';
import { networkScript, parseBroken } from './network-ways.js';

interface Target {
  name: string;
  address: string;
}

const LOOK_MS = 2_000;

/**
 * Whether the node is cut off from what it needs, though we reach both sides. A control plane needs the leader of etcd,
 * and any member while nobody knows a leader; a worker needs any apiserver. Undefined: it is not, or cannot be told.
 */
export async function observeLinks(
  context: JudgedRun,
  node: string,
  signal: AbortSignal,
): Promise<Separation | undefined> {
  const isMember = context.judgement.peers.some(({ name, controlPlane }) => name === node && controlPlane);
  // Whom we do not reach either may be about to come back.
  const targets = targetsOf(context, node).filter(({ name }) => context.cluster.session(name).isConnected);
  if (targets.length === 0) return undefined;
  const port = isMember ? OWN_PORTS.etcdPeer.port : context.options.spec.apiServer.port;
  const [unreached, works] = await Promise.all([
    unreachedFrom(context, { node, port, targets, signal }),
    isMember && hasQuorum(context, node, signal),
  ]);
  if (works || unreached.length === 0) return undefined;
  if (unreached.length < targets.length)
    return isMember ? fromLeader(context, { targets, unreached, signal }) : undefined;
  const subject = isMember ? 'no other etcd member' : 'no control plane';
  return { what: `it reaches ${subject} on port ${port} (${placesOf(targets)}), though we reach them` };
}

/** Those who must be there, as etcd's orders have it: before that nobody can be missed. */
function targetsOf(context: JudgedRun, node: string): Target[] {
  const { orders, peers, work } = context.judgement;
  const needed = orders.quorum.state === 'awaited' ? [] : orders.quorum.through;
  return peers
    .filter(({ name }) => name !== node && needed.includes(name) && work.has(name))
    .map(({ name, nodeIp }) => ({ name, address: nodeIp }));
}

interface Looking {
  node: string;
  port: number;
  targets: readonly Target[];
  signal: AbortSignal;
}

async function unreachedFrom(context: Run, { node, port, targets, signal }: Looking): Promise<Target[]> {
  const ways = targets.map((target) => ({ target, word: `reach=${target.address}:${port}` }));
  const script = networkScript({ ways, tryS: LOOK_MS / 1000 });
  const { stdout } = await context.cluster.session(node).runAsRoot(script, {
    label: 'look for the others',
    timeoutMs: 10 * LOOK_MS,
    signal,
  });
  return parseBroken(stdout, ways).map(({ target }) => target);
}

/** Traffic may take another way than a connection of ours: what etcd itself says weighs more. */
async function hasQuorum({ cluster }: Run, node: string, parent: AbortSignal): Promise<boolean> {
  const limit = deadline({ parent, ms: LOOK_MS });
  try {
    await (await cluster.etcdOf(node)).linearizableRead({ signal: limit.signal });
    return true;
  } catch {
    return false;
  } finally {
    limit.release();
  }
}

/** A member that hears of no leader gets none, as long as the others do (pre-vote). */
async function fromLeader(
  { cluster }: Run,
  { targets, unreached, signal }: { targets: readonly Target[]; unreached: readonly Target[]; signal: AbortSignal },
): Promise<Separation | undefined> {
  const isLeader = async ({ name }: Target): Promise<boolean> => {
    const { header, leader } = await (await cluster.etcdOf(name)).status({ signal, timeoutMs: LOOK_MS });
    return leader === header.memberId;
  };
  const asked = await Promise.all(
    targets.map(async (target) => ((await isLeader(target).catch(() => false)) ? target : [])),
  );
  const leader = asked.flat().find((target) => unreached.includes(target));
  if (leader === undefined) return undefined;
  const { etcdPeer } = OWN_PORTS;
  return {
    what: `it does not reach the leader of etcd on port ${etcdPeer.port} (${placesOf([leader])}), though we do`,
  };
}

function placesOf(targets: readonly Target[]): string {
  return targets.map(({ name, address }) => `${name} ${address}`).join(', ');
}
