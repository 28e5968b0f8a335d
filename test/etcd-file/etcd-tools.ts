import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { goProduct } from '../../lab/build/go-product.js';
import { etcd } from '../../lab/build/go-software.js';
import { labCacheRoot } from '../../lab/build/lab-cache.js';
import { materialize } from '../../lab/build/product.js';

/** Folder with `server`, `etcdctl` and `etcdutl` of a series such as `3.7`. */
export function etcdBinaries(series: string): Promise<string> {
  return materialize(goProduct(etcd(series)), { root: labCacheRoot(), progress: (line) => console.info(line) });
}

export interface SnapshotStatus {
  revision: number;
  totalKey: number;
  totalSize: number;
}

/** What etcd's own tool says of a file; undefined: it refuses it, or breaks. */
export function etcdutlStatus(binaries: string, file: string): SnapshotStatus | undefined {
  const { status, stdout } = spawnSync(join(binaries, 'etcdutl'), ['snapshot', 'status', file, '-w', 'json'], {
    encoding: 'utf8',
  });
  return status === 0 ? (JSON.parse(stdout) as SnapshotStatus) : undefined;
}

/** How much the revision of a restored one is raised. */
export const BUMP = 1_000_000_000;

/** The database of a member that is restored with its revision raised. */
export function restoreBumped(options: { binaries: string; snapshot: string; directory: string }): string {
  const { binaries, snapshot, directory } = options;
  const raised = [`--bump-revision=${BUMP}`, '--mark-compacted'];
  execFileSync(join(binaries, 'etcdutl'), ['snapshot', 'restore', snapshot, `--data-dir=${directory}`, ...raised], {
    stdio: 'ignore',
  });
  return join(directory, 'member/snap/db');
}
