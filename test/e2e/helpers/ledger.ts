import { expect } from 'vitest';
import type { Operator } from './cli.js';

/** Objects that are written one after another, each with the moment when it was acknowledged. */
export interface Ledger {
  /** Resolves when so many were. */
  until(count: number): Promise<void>;
  /** Name → when it was acknowledged, in milliseconds since the epoch; written on meanwhile. */
  acknowledged: ReadonlyMap<string, number>;
  /** Resolves when the last one is answered. */
  end(): Promise<void>;
}

/** Writes config maps, and goes on when one is refused: a cluster that is down answers nobody. */
export function startLedger(operator: Operator, prefix = 'ledger'): Ledger {
  const acknowledged = new Map<string, number>();
  let ends = false;
  let grown = (): void => {};
  const writing = (async () => {
    for (let entry = 0; !ends; entry++) {
      const name = `${prefix}-${entry}`;
      const isWritten = await operator.kubectl('create', 'configmap', name, '--request-timeout=10s').then(
        () => true,
        () => false,
      );
      if (isWritten) acknowledged.set(name, Date.now());
      grown();
    }
  })();
  return {
    acknowledged,
    until: (count) =>
      new Promise((resolve) => {
        grown = () => (acknowledged.size >= count ? resolve() : undefined);
      }),
    async end() {
      ends = true;
      await writing;
    },
  };
}

/** What the change log may be behind, in milliseconds. */
const LAG_MS = 1_000;

/** Nothing is missing that was acknowledged a second before the cut. @param cutAt Milliseconds since the epoch */
export async function expectKept(operator: Operator, { acknowledged }: Ledger, cutAt: number): Promise<void> {
  const path = 'jsonpath={.items[*].metadata.name}';
  const names = new Set((await operator.kubectl('get', 'configmaps', '-o', path)).split(' '));
  const due = [...acknowledged].flatMap(([name, at]) => (at < cutAt - LAG_MS ? [name] : []));
  expect(due.length).toBeGreaterThan(0);
  expect(due.filter((name) => !names.has(name))).toEqual([]);
}
