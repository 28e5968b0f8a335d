import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { imagesForArch, readImages } from '../../src/artifacts/images.js';
import { progressLog, rejection, temporaryCache, temporaryDirectory } from './fixtures.js';
import { dockerArchive, type ImageOptions, tarOf } from './image-fixtures.js';

const image = (options: ImageOptions) => tarOf(dockerArchive(options));

async function read(files: Record<string, Buffer>) {
  const directory = temporaryDirectory();
  for (const [name, data] of Object.entries(files)) writeFileSync(join(directory, name), data);
  mkdirSync(join(directory, 'folder.tar.d'));
  const log = progressLog();
  const archives = await readImages({ directory, cache: await temporaryCache(), progress: log.progress });
  return { archives, seen: log.seen() };
}

describe('readImages', () => {
  it('reads all archives of a directory, equal ones once', async () => {
    const pause = image({ reference: 'registry.k8s.io/pause:3.6' });
    const { archives, seen } = await read({
      'pause.tar': pause,
      'pause-copy.tgz': gzipSync(pause),
      'echo.tar.gz': gzipSync(image({ reference: 'k8s-diskless.test/echo:1', layer: 'echo' })),
      'README.md': Buffer.from('images'),
    });
    expect(archives.map(({ references }) => references)).toEqual([
      ['k8s-diskless.test/echo:1'],
      ['registry.k8s.io/pause:3.6'],
    ]);
    expect(seen).toEqual(['verify echo.tar.gz', 'verify pause-copy.tgz', 'verify pause.tar']);
  });

  it('gives each node the images of its architecture, and those that do not say', async () => {
    const { archives } = await read({
      'a.tar': image({ reference: 'x.test/a:1', arch: 'amd64' }),
      'b.tar': image({ reference: 'x.test/b:1', arch: 'arm64' }),
      'c.tar': image({ reference: 'x.test/c:1', arch: '' }),
    });
    const names = (arch: string) => imagesForArch(archives, arch).flatMap(({ references }) => references);
    expect(names('amd64')).toEqual(['x.test/a:1', 'x.test/c:1']);
    expect(names('arm64')).toEqual(['x.test/b:1', 'x.test/c:1']);
  });

  it('takes one name for two architectures', async () => {
    const { archives } = await read({
      'amd64.tar': image({ reference: 'x.test/a:1', arch: 'amd64' }),
      'arm64.tar': image({ reference: 'x.test/a:1', arch: 'arm64' }),
    });
    expect(archives).toHaveLength(2);
  });

  it.each(['amd64', ''])('refuses one name for two contents (%j)', async (arch) => {
    const files = {
      'new.tar': image({ reference: 'x.test/a:1', arch, layer: 'new' }),
      'old.tar': image({ reference: 'x.test/a:1', layer: 'old' }),
    };
    const error = await rejection(read(files));
    expect(error).toMatchObject({ code: 'image-ambiguous', exit: 2 });
    expect(error.message).toMatch(/x\.test\/a:1 is in two different archives: .*new\.tar and .*old\.tar$/);
  });

  it('refuses a directory without archives', async () => {
    const error = await rejection(read({ 'image.qcow2': Buffer.alloc(10) }));
    expect(error).toMatchObject({ code: 'images-none', exit: 2 });
  });

  it('refuses a directory that is not there', async () => {
    const cache = await temporaryCache();
    const error = await rejection(readImages({ directory: '/nonexistent/images', cache, ...progressLog() }));
    expect(error).toMatchObject({ code: 'images-directory', exit: 2 });
  });

  it('names the archive that cannot be used', async () => {
    const files = {
      'good.tar': image({ reference: 'x.test/a:1' }),
      'half.tar': image({ reference: 'x.test/b:1' }).subarray(0, 700),
    };
    expect((await rejection(read(files))).message).toMatch(/half\.tar is no readable image archive$/);
  });
});
