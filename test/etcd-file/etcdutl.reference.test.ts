import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPages } from '../../src/etcd-file/check-pages.js';
import { readContents } from '../../src/etcd-file/read-contents.js';
import { checkTrailingHash } from '../../src/etcd-file/trailing-hash.js';
import { etcdBinaries, etcdutlStatus, restoreBumped } from './etcd-tools.js';
import { fillSampleStore, SAMPLE_KEYS } from './sample-store.js';
import { startSingleEtcd } from './single-etcd.js';

describe.each(['3.5', '3.6', '3.7'])('etcd %s', (series) => {
  let directory: string;
  let binaries: string;
  let snapshot: string;
  let restored: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'k8s-diskless-etcdutl-'));
    binaries = await etcdBinaries(series);
    snapshot = join(directory, 'snapshot.db');
    const etcd = await startSingleEtcd({ binaries, dataDirectory: join(directory, 'data') });
    try {
      await fillSampleStore(etcd);
      etcd.saveSnapshot(snapshot);
    } finally {
      await etcd.stop();
    }
    restored = restoreBumped({ binaries, snapshot, directory: join(directory, 'restored') });
  });
  afterAll(() => rm(directory, { recursive: true }));

  /** In the words of `etcdutl snapshot status`. */
  async function ownStatus(path: string) {
    const file = await open(path);
    try {
      const database = await checkPages({ file });
      const { revision, liveKeys, isBumped } = await readContents({ database });
      const { pages, pageSizeBytes } = database.meta;
      return {
        revision: Number(revision),
        // The tool of 3.5 counts every entry of every bucket, what was overwritten too.
        ...(series === '3.5' ? {} : { totalKey: liveKeys + (isBumped ? 1 : 0) }),
        totalSize: pages * pageSizeBytes,
        hash: (await checkTrailingHash(file)).verdict,
      };
    } finally {
      await file.close();
    }
  }

  it('says the same of its own snapshot: revision, keys, size', async () => {
    const { hash, ...own } = await ownStatus(snapshot);
    if (series !== '3.5') expect(own).toMatchObject({ totalKey: SAMPLE_KEYS });
    expect(etcdutlStatus(binaries, snapshot)).toMatchObject(own);
    expect(hash).toBe('right');
  });

  it('says the same of a database restored with its revision raised', async () => {
    const { hash, ...own } = await ownStatus(restored);
    expect(etcdutlStatus(binaries, restored)).toMatchObject(own);
    expect(hash).toBe('absent');
  });

  it('refuses a damaged page, as we do', async () => {
    const bytes = await readFile(snapshot);
    const file = await open(snapshot);
    const { meta } = await checkPages({ file }).finally(() => file.close());
    // The root calls itself what no page is.
    bytes.writeUInt16LE(0x40, meta.rootPage * meta.pageSizeBytes + 8);
    const damaged = join(directory, 'damaged.db');
    await writeFile(damaged, bytes);
    expect(etcdutlStatus(binaries, damaged)).toBeUndefined();
    const place = expect.stringContaining(`page ${meta.rootPage} `);
    await expect(ownStatus(damaged)).rejects.toMatchObject({ code: 'snapshot-damaged', message: place });
  });
});
