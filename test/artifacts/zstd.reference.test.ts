import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtinZstd, zstdByCommand, zstdByZlib } from '../../src/artifacts/zstd.js';
import { fakeBinary } from '../helpers/release-directory.js';
import { rejection, temporaryDirectory } from './fixtures.js';

const DATA = fakeBinary('data', 'amd64', 2_000_000);

async function* chunks() {
  for (let offset = 0; offset < DATA.length; offset += 100_000) yield DATA.subarray(offset, offset + 100_000);
}

/** A command of our own in the place of zstd. */
function script(body: string): string {
  const path = join(temporaryDirectory(), 'zstd');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const target = () => ({ source: chunks(), path: join(temporaryDirectory(), 'frame'), level: 3 });

/** Node below 22.15 has the command only. */
const WAYS = [
  ['the command', zstdByCommand('zstd')] as const,
  ...(builtinZstd === undefined ? [] : [['zlib', zstdByZlib(builtinZstd)] as const]),
];

describe.each(WAYS)('zstd by %s', (_, compress) => {
  it('writes one frame with a checksum', async () => {
    const options = target();
    await compress(options);
    expect(execFileSync('zstd', ['-dcq', options.path], { maxBuffer: 1 << 24 }).equals(DATA)).toBe(true);
    const listing = execFileSync('zstd', ['-lv', options.path]).toString();
    expect(listing).toMatch(/# Zstandard Frames: 1\n/);
    expect(listing).toMatch(/Check: XXH64/);
  });

  it('replaces what was there', async () => {
    const options = target();
    writeFileSync(options.path, Buffer.alloc(5_000_000));
    await compress(options);
    expect(readFileSync(options.path).length).toBeLessThan(DATA.length);
  });
});

describe('zstd by the command', () => {
  it('reports what the command says when it fails while it is fed', async () => {
    const compress = zstdByCommand(script('echo "zstd: out of memory" >&2; exit 11'));
    const error = await rejection(compress(target()));
    expect(error).toMatchObject({ code: 'compress-failed', detail: 'zstd: out of memory' });
    expect(error.message).toContain('exit code 11');
  });

  it('reports a command that fails after it read everything', async () => {
    const compress = zstdByCommand(script('cat >/dev/null; exit 1'));
    expect((await rejection(compress(target()))).code).toBe('compress-failed');
  });

  it('does not take an early end for success', async () => {
    const compress = zstdByCommand(script('head -c 1000; exit 0'));
    await expect(compress(target())).rejects.toMatchObject({ code: 'EPIPE' });
  });

  it('reports a command that vanished', async () => {
    await expect(zstdByCommand('/nonexistent/zstd')(target())).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('reports a failing source, not the compressor it had to stop', async () => {
    async function* failing() {
      yield DATA.subarray(0, 1000);
      throw new Error('the source broke');
    }
    await expect(zstdByCommand('zstd')({ ...target(), source: failing() })).rejects.toThrow('the source broke');
  });
});
