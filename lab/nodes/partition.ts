import { portOf } from './naming.js';
import type { LabPlan, NodePlan } from './plan.js';
import { nftIn, switchOf } from './plumbing.js';

/** Stands for the operator's machine where node names are expected. */
export const OPERATOR = 'operator';

/** Two that cannot reach each other: node names, or `operator`. */
export type Pair = readonly [string, string];

interface Party {
  ports: string[];
  addresses: string[];
}

const TABLE = 'bridge lab-partition';

/** Shell command for the switch: nobody of a pair reaches the other, whatever the frames carry. */
export function partitionScript(lab: LabPlan, pairs: readonly Pair[]): string {
  const rules = pairs.flatMap(([a, b]) => [
    ...drops(party(lab, a), party(lab, b)),
    ...drops(party(lab, b), party(lab, a)),
  ]);
  return nftIn(switchOf(lab), [
    `table ${TABLE}`,
    `delete table ${TABLE}`,
    `table ${TABLE} {`,
    '  chain forward {',
    '    type filter hook forward priority 0;',
    ...rules.map((rule) => `    ${rule}`),
    '  }',
    '}',
  ]);
}

/** By port within a segment; by address too, since frames that came through the router bear the router's port. */
function drops(from: Party, to: Party): string[] {
  return [
    `iifname ${set(from.ports)} oifname ${set(to.ports)} drop`,
    `ether type ip ip saddr ${set(from.addresses)} ip daddr ${set(to.addresses)} drop`,
  ];
}

function party(lab: LabPlan, name: string): Party {
  if (name === OPERATOR) return { ports: [OPERATOR], addresses: [lab.operator.address] };
  const node = nodeOf(lab, name);
  return { ports: node.nics.map((_, n) => portOf(name, n)), addresses: node.nics.map((nic) => nic.address) };
}

function nodeOf(lab: LabPlan, name: string): NodePlan {
  const node = lab.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new RangeError(`no node ${name} in the lab ${lab.name}`);
  return node;
}

function set(names: readonly string[]): string {
  return `{ ${names.map((name) => (/^[0-9.]+$/.test(name) ? name : `"${name}"`)).join(', ')} }`;
}

/** The pairs with `name` cut off from others; without `from`, from every other node, not from the operator. */
export function addPartition(
  lab: LabPlan,
  pairs: readonly Pair[],
  cut: { name: string; from: readonly string[] },
): Pair[] {
  const others = lab.nodes.map((node) => node.name).filter((other) => other !== cut.name);
  const from = cut.from.length > 0 ? cut.from : others;
  const added = from.map((other): Pair => [cut.name, other]);
  return [...pairs.filter((pair) => !added.some((other) => isSame(pair, other))), ...added];
}

/** The pairs without those of `name`. */
export function healPartition(pairs: readonly Pair[], name: string): Pair[] {
  return pairs.filter((pair) => !pair.includes(name));
}

function isSame(a: Pair, b: Pair): boolean {
  return a.every((name) => b.includes(name));
}
