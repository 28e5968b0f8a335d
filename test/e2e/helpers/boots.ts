import { expect } from 'vitest';
import type { Operator } from './cli.js';

/** Node name → boot_id, as its Node object has it. */
export async function bootsOf(operator: Operator, names: readonly string[]): Promise<Map<string, string>> {
  const path = 'jsonpath={.status.nodeInfo.bootID}';
  const all = names.map(async (name) => [name, await operator.kubectl('get', 'node', name, '-o', path)] as const);
  return new Map(await Promise.all(all));
}

/** Resolves when all of these nodes are Ready in another boot than that. */
export async function isBack(
  operator: Operator,
  names: readonly string[],
  boots: ReadonlyMap<string, string>,
): Promise<void> {
  const path = 'jsonpath={.status.nodeInfo.bootID} {.status.conditions[?(@.type=="Ready")].status}';
  for (const name of names) {
    const state = () => operator.kubectl('get', 'node', name, '-o', path).catch(() => '');
    const other = new RegExp(`^(?!${boots.get(name)})\\S+ True$`);
    await expect.poll(state, { timeout: 300_000, interval: 500 }).toMatch(other);
  }
}
