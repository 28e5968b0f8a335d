import type { Arch } from '../artifacts/catalogue.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import { type DisklessError, ownError } from '../errors.js';
import { controlPlaneArchs } from './list-backups.js';

/**
 * Brings the tool that a restore needs into the cache: on that day nothing must have to be fetched. A snapshot counts all
 * the same.
 *
 * @param obtain That of one architecture
 * @returns why that of an architecture could not be had; empty where all could
 */
export async function pinEtcdutl(
  recorded: RecordedCluster,
  obtain: (arch: Arch) => Promise<unknown>,
  signal: AbortSignal,
): Promise<DisklessError[]> {
  const problems: DisklessError[] = [];
  for (const arch of await controlPlaneArchs(recorded)) {
    const problem = await obtain(arch).then(() => undefined, ownError);
    signal.throwIfAborted();
    if (problem) problems.push(problem);
  }
  return problems;
}
