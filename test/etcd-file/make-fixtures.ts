/* Makes the files in fixtures/ anew with the lab's etcd: `npx tsx test/etcd-file/make-fixtures.ts`. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { etcdBinaries, restoreBumped } from './etcd-tools.js';
import { fillSampleStore } from './sample-store.js';
import { startSingleEtcd } from './single-etcd.js';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const scratch = await mkdtemp(join(tmpdir(), 'k8s-diskless-fixtures-'));
try {
  for (const series of ['3.5', '3.7']) await make(series);
} finally {
  await rm(scratch, { recursive: true });
}

async function make(series: string): Promise<void> {
  const binaries = await etcdBinaries(series);
  const snapshot = join(scratch, `${series}.db`);
  const etcd = await startSingleEtcd({ binaries, dataDirectory: join(scratch, series) });
  await fillSampleStore(etcd);
  etcd.saveSnapshot(snapshot);
  await etcd.stop();
  await keep(snapshot, `snapshot-${series}.db.gz`);
  if (series === '3.7')
    await keep(restoreBumped({ binaries, snapshot, directory: join(scratch, 'restored') }), 'bumped-3.7.db.gz');
}

async function keep(file: string, name: string): Promise<void> {
  await writeFile(join(FIXTURES, name), gzipSync(await readFile(file), { level: 9 }));
}
