import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCache } from '../../../src/artifacts/cache.js';
import { readImageArchive } from '../../../src/artifacts/image-archive.js';
import { END_OF_ARCHIVE, tarMember } from '../../../src/artifacts/tar-member.js';
import { buildToolImage } from '../../../src/bench/measure/tool-image.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'k8s-diskless-tool-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function imageOf(content: Buffer) {
  const file = join(directory, createHash('sha256').update(content).digest('hex'));
  await writeFile(file, content);
  return buildToolImage({ file, arch: 'arm64' });
}

const ROOT = gzipSync(
  Buffer.concat([tarMember({ name: 'usr/bin/iperf3', mode: 0o755 }, Buffer.from('program')), END_OF_ARCHIVE]),
);

describe('buildToolImage', () => {
  it.each([
    ['a static build', Buffer.from('\u007fELF program')],
    ['a root with libraries', ROOT],
  ])('makes an archive of %s that import would accept', async (_, content) => {
    const { reference, archive } = await imageOf(content);
    const path = join(directory, 'image.tar');
    await writeFile(path, archive);
    const cache = await openCache({ root: join(directory, 'cache') });
    const read = await readImageArchive({ path, cache, onBytes: () => {} });
    expect(read).toMatchObject({ references: [reference], architectures: ['arm64'] });
  });

  it('names the image by its content, so that equal names are equal images', async () => {
    const [one, again, other] = [await imageOf(ROOT), await imageOf(ROOT), await imageOf(Buffer.from('other'))];
    expect(again).toEqual(one);
    expect(other.reference).not.toBe(one.reference);
    expect(one.reference).toContain(one.digest.slice(7, 19));
  });
});
