import type { NodeFinding } from './finding.js';

/** A port of one machine that another one does not reach. */
export interface ClosedPort {
  from: string;
  to: string;
  port: number;
  /** Whose it is. */
  owner: string;
  /** Where it was looked for. */
  address: string;
  why: string;
}

/**
 * Each finding is about the machine that most of what is closed has to do with: one whose firewall is shut to all others
 * is at fault, not these. Where two are left, it is the one that is not reached. Pure.
 */
export function closedPortFindings(closed: readonly ClosedPort[]): Map<string, NodeFinding> {
  const findings = new Map<string, NodeFinding>();
  let left = closed;
  while (left.length > 0) {
    const blamed = mostConcerned(left);
    const own = left.filter(({ from, to }) => from === blamed || to === blamed);
    findings.set(blamed, findingOf(blamed, own));
    left = left.filter((each) => !own.includes(each));
  }
  return findings;
}

function mostConcerned(closed: readonly ClosedPort[]): string {
  const others = new Map<string, Set<string>>();
  const note = (node: string, other: string): unknown => others.set(node, (others.get(node) ?? new Set()).add(other));
  // Those that are not reached come first, and win where all is equal.
  for (const { from, to } of closed) note(to, from);
  for (const { from, to } of closed) note(from, to);
  const [[blamed] = ['']] = [...others].toSorted(([, one], [, other]) => other.size - one.size);
  return blamed;
}

function findingOf(blamed: string, closed: readonly ClosedPort[]): NodeFinding {
  const pairs = new Map<string, ClosedPort[]>();
  for (const each of closed) {
    const pair = `${each.from} ${each.to}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), each]);
  }
  const messages = [...pairs.values()].map((ports) => {
    const { from, to, address, why } = ports[0] as ClosedPort;
    const which = ports.map(({ port, owner }) => `${port} (${owner})`).join(', ');
    const who = from === blamed ? 'it does not reach' : `${from} does not reach`;
    return `${who} TCP ${ports.length === 1 ? 'port' : 'ports'} ${which} of ${to} at ${address}: ${why}`;
  });
  const hint =
    'open these ports between control planes (firewall of the machine, of the site), then run the same again';
  return { code: 'ports-closed', severity: 'error', message: messages.join('; '), hint };
}
