import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StateDir, stateDirAt } from '../../src/state/state-dir.js';

/**
 * The state directory of a cluster of Kubernetes 1.20.2 and etcd 3.4.23 as release 0.1.0 left it, written by its own code:
 * control planes s4, s5, s6, worker s7, networks and API port not the usual ones. Its keys open nothing.
 */
const FIXTURE = fileURLToPath(new URL('../state/fixtures/release-0.1.0', import.meta.url));

/** What stands in its cluster.yaml. */
export const OLDER = { clusterId: 'e7222c906a9818c6', incarnation: 1, names: ['s4', 's5', 's6', 's7'] };

/** A copy to work on. Its machines have been booted again since: host keys that it does not know are no surprise. */
export function copyOlderState(directory: string): StateDir {
  cpSync(FIXTURE, directory, { recursive: true });
  const state = stateDirAt(directory);
  for (const name of OLDER.names) edit(join(state.nodes, `${name}.json`), /"bootId": "[^"]+"/, '"bootId": "before"');
  return state;
}

/** Changes the text of a file, which must hold what is to be replaced. */
export function edit(path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(path, 'utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${path} does not hold ${from}`);
  writeFileSync(path, after);
}
