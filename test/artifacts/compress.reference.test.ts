import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressMember, endOfArchive, operatorEncodings, packSmallFiles } from '../../src/artifacts/compress.js';
import { type Content, fileContent, openFile } from '../../src/artifacts/content.js';
import { builtinZstd } from '../../src/artifacts/zstd.js';
import type { Encoding } from '../../src/delivery/segment.js';
import { fakeBinary, sha256 } from '../helpers/release-directory.js';
import { rejection, temporaryDirectory } from './fixtures.js';

const ENCODINGS: Encoding[] = ['zstd', 'gzip'];
const SMALL = [
  { entry: 'f0', mode: 0o600, content: Buffer.from('-----BEGIN EC PRIVATE KEY-----\n') },
  { entry: 'f1', mode: 0o644, content: Buffer.alloc(0) },
];

function contentOf(data: Buffer, name = 'kubelet'): Content {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, data);
  return fileContent({ name, path, sha256: sha256(data), size: data.length });
}

function compress(
  content: Content,
  encoding: Encoding,
  options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
) {
  const path = join(temporaryDirectory(), 'member');
  const done = compressMember({ content, encoding, path, env: process.env, onBytes: () => undefined, ...options });
  return { path, done };
}

/** What the receiver on a node does. */
function extract(stream: Buffer, encoding: Encoding): string {
  const folder = temporaryDirectory();
  const decompress = { zstd: 'zstd -dcq', gzip: 'gzip -dcq' }[encoding];
  execFileSync('bash', ['-o', 'pipefail', '-c', `${decompress} | tar -x -p --no-same-owner -C "$0"`, folder], {
    input: stream,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  return folder;
}

describe.each(ENCODINGS)('a concatenation of %s members', (encoding) => {
  it('is one archive for the tools of a node', async () => {
    const contents = [fakeBinary('kubelet'), Buffer.alloc(0), fakeBinary('odd', 'arm64', 700_001)].map((data) =>
      contentOf(data),
    );
    const members: Buffer[] = [];
    for (const content of contents) {
      const { path, done } = compress(content, encoding);
      await done;
      members.push(readFileSync(path));
    }
    const packed = await packSmallFiles(SMALL, encoding);
    const folder = extract(Buffer.concat([packed, ...members, endOfArchive(encoding)]), encoding);
    for (const { sha256: digest } of contents) expect(sha256(readFileSync(join(folder, digest)))).toBe(digest);
    for (const { entry, mode, content } of SMALL) {
      expect(readFileSync(join(folder, entry))).toEqual(content);
      expect(statSync(join(folder, entry)).mode & 0o7777).toBe(mode);
    }
  });

  it('is smaller than its files, and the same each time', async () => {
    const content = contentOf(fakeBinary('kubelet'));
    const [one, two] = [compress(content, encoding), compress(content, encoding)];
    await Promise.all([one.done, two.done]);
    expect(statSync(one.path).size).toBeLessThan(content.size / 10);
    expect(readFileSync(one.path).equals(readFileSync(two.path))).toBe(true);
  });

  it('is refused by the tools when a byte of it changed', async () => {
    const { path, done } = compress(contentOf(fakeBinary('kubelet')), encoding);
    await done;
    const damaged = readFileSync(path);
    const middle = damaged.length >> 1;
    damaged.writeUInt8(damaged.readUInt8(middle) ^ 0xff, middle);
    const decompress = () => execFileSync(encoding, ['-dcq'], { input: damaged, stdio: ['pipe', 'pipe', 'ignore'] });
    expect(decompress).toThrow();
  });

  it.each([
    ['shorter', (data: Buffer) => data.subarray(0, 1000)],
    ['longer', (data: Buffer) => Buffer.concat([data, data])],
    ['other', (data: Buffer) => Buffer.from(data).fill('z', 100)],
  ])('is not made from a file that became %s meanwhile', async (_, change) => {
    const data = fakeBinary('kubelet');
    const content = contentOf(data);
    const changed = contentOf(change(data));
    const { done } = compress({ ...content, open: changed.open }, encoding);
    expect((await rejection(done)).code).toBe('artifact-changed');
  });

  it('is not made from a file that vanished', async () => {
    const content = { ...contentOf(Buffer.from('x')), open: () => openFile('/nonexistent/kubelet') };
    await expect(compress(content, encoding).done).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('stops with an abort', async () => {
    const abort = new AbortController();
    async function* endless() {
      for (;;) yield Buffer.alloc(1 << 16);
    }
    const content = { ...contentOf(Buffer.from('x')), size: 8 ** 10, open: endless };
    const { done } = compress(content, encoding, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a gzipped source', () => {
  it('travels decompressed', async () => {
    const data = fakeBinary('image');
    const path = join(temporaryDirectory(), 'image.tar.gz');
    writeFileSync(path, gzipSync(data));
    const content = {
      name: 'image',
      sha256: sha256(data),
      size: data.length,
      open: () => openFile(path, { gunzip: true }),
    };
    const member = compress(content, 'gzip');
    await member.done;
    const folder = extract(Buffer.concat([readFileSync(member.path), endOfArchive('gzip')]), 'gzip');
    expect(sha256(readFileSync(join(folder, content.sha256)))).toBe(content.sha256);
  });
});

describe('an operator without zstd', () => {
  const env = { PATH: '/nonexistent' };
  const expected: Encoding[] = builtinZstd === undefined ? ['gzip'] : ['zstd', 'gzip'];

  it('offers what its Node can do', async () => {
    expect(await operatorEncodings(env)).toEqual(expected);
    expect(await operatorEncodings(process.env)).toEqual(['zstd', 'gzip']);
  });

  it('says what is missing when asked all the same', async () => {
    const { done } = compress(contentOf(Buffer.from('x')), 'zstd', { env });
    const outcome = await done.then(
      () => 'compressed',
      (error: { code: string }) => error.code,
    );
    expect(outcome).toBe(expected.includes('zstd') ? 'compressed' : 'zstd-missing');
  });
});
