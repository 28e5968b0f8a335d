import { chmodSync, linkSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { blobPath } from '../../src/artifacts/cache.js';
import { findBlob, remembered, sha256Of } from '../../src/artifacts/remembered.js';
import { sha256 } from '../helpers/release-directory.js';
import { overwrite, temporaryCache, temporaryDirectory } from './fixtures.js';

async function scene() {
  const cache = await temporaryCache();
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, 'first');
  let computed = 0;
  const ask = (recheck = false) =>
    remembered(
      { ...cache, recheck },
      {
        kind: 'text',
        path,
        schema: z.string(),
        compute: async () => {
          computed++;
          return readFileSync(path, 'utf8');
        },
      },
    );
  return { cache, path, ask, computed: () => computed };
}

describe('remembered', () => {
  it('computes once while the file stays the same', async () => {
    const { ask, computed } = await scene();
    expect([await ask(), await ask()]).toEqual(['first', 'first']);
    expect(computed()).toBe(1);
  });

  it('computes again for other content of the same size', async () => {
    const { path, ask } = await scene();
    await ask();
    overwrite(path, 'other');
    expect(await ask()).toBe('other');
  });

  it('does not mind a hard link or other permissions', async () => {
    const { path, ask, computed } = await scene();
    await ask();
    linkSync(path, `${path}.link`);
    chmodSync(path, 0o400);
    await ask();
    expect(computed()).toBe(1);
  });

  it('computes again for a file that was replaced', async () => {
    const { path, ask } = await scene();
    await ask();
    writeFileSync(`${path}.new`, 'other');
    renameSync(`${path}.new`, path);
    expect(await ask()).toBe('other');
  });

  it('believes nothing when told to check', async () => {
    const { ask, computed } = await scene();
    await ask();
    await ask(true);
    expect(computed()).toBe(2);
  });

  it('does not remember what changed while it was read', async () => {
    const { cache, path } = await scene();
    const compute = async () => {
      writeFileSync(path, 'changed meanwhile');
      return 'first';
    };
    const read = async () => readFileSync(path, 'utf8');
    await remembered(cache, { kind: 'text', path, schema: z.string(), compute });
    expect(await remembered(cache, { kind: 'text', path, schema: z.string(), compute: read })).toBe(
      'changed meanwhile',
    );
  });
});

describe('sha256Of', () => {
  it('is the SHA-256, also of an empty file', async () => {
    const { cache, path } = await scene();
    expect(await sha256Of(cache, path)).toBe(sha256('first'));
    writeFileSync(path, '');
    expect(await sha256Of(cache, path)).toBe(sha256(''));
  });

  it('can be aborted', async () => {
    const { cache, path } = await scene();
    await expect(sha256Of(cache, path, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('findBlob', () => {
  it('removes a blob that is not what its name says', async () => {
    const cache = await temporaryCache();
    const path = blobPath(cache, sha256('content'));
    writeFileSync(path, 'content');
    expect(await findBlob(cache, sha256('content'))).toEqual({ path, size: 7 });
    overwrite(path, 'c0ntent');
    expect(await findBlob(cache, sha256('content'))).toBeUndefined();
    expect(() => statSync(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
