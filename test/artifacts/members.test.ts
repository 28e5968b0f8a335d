import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cache } from '../../src/artifacts/cache.js';
import { type Content, fileContent } from '../../src/artifacts/content.js';
import { memberStore } from '../../src/artifacts/members.js';
import { fakeBinary, sha256 } from '../helpers/release-directory.js';
import { overwrite, progressLog, rejection, temporaryCache, temporaryDirectory } from './fixtures.js';

function contentOf(data = fakeBinary('kubelet'), name = 'kubelet'): Content & { path: string } {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, data);
  return { ...fileContent({ name, path, sha256: sha256(data), size: data.length }), path };
}

function storeOf(cache: Cache, content: Content, options: { signal?: AbortSignal } = {}) {
  const { progress, seen } = progressLog();
  const store = memberStore({ cache, env: process.env, progress, ...options });
  store.add([content]);
  return { memberOf: store.memberOf, seen };
}

describe('memberStore', () => {
  it('compresses once, for all who ask at the same time and for later runs', async () => {
    const cache = await temporaryCache();
    const content = contentOf();
    let opened = 0;
    const counted: Content = {
      ...content,
      open() {
        opened++;
        return content.open();
      },
    };
    const first = storeOf(cache, counted);
    const members = await Promise.all([1, 2, 3].map(() => first.memberOf(content.sha256, 'gzip')));
    const later = storeOf(cache, counted);
    members.push(await later.memberOf(content.sha256, 'gzip'));
    expect(opened).toBe(1);
    expect(first.seen()).toEqual(['compress kubelet']);
    expect(later.seen()).toEqual([]);
    expect(new Set(members.map(({ path }) => path)).size).toBe(1);
    expect(members[0]?.bytes).toBe(statSync(members[0]?.path ?? '').size);
  });

  it('does not need the original any more', async () => {
    const cache = await temporaryCache();
    const content = contentOf();
    const member = await storeOf(cache, content).memberOf(content.sha256, 'gzip');
    rmSync(content.path);
    expect(await storeOf(cache, content).memberOf(content.sha256, 'gzip')).toEqual(member);
  });

  it.each([
    ['damaged', (path: string) => overwrite(path, readFileSync(path).fill(0, 50, 60))],
    ['truncated', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 50))],
    ['gone', (path: string) => rmSync(path)],
  ])('makes a member again that is %s', async (_, damage) => {
    const cache = await temporaryCache();
    const content = contentOf();
    const { path } = await storeOf(cache, content).memberOf(content.sha256, 'gzip');
    const good = readFileSync(path);
    damage(path);
    const again = await storeOf(cache, content).memberOf(content.sha256, 'gzip');
    expect(readFileSync(again.path).equals(good)).toBe(true);
  });

  it('refuses an original that changed, keeps nothing of it, and works when it is back', async () => {
    const cache = await temporaryCache();
    const content = contentOf();
    const good = readFileSync(content.path);
    const { memberOf } = storeOf(cache, content);
    writeFileSync(content.path, 'something else');
    expect((await rejection(memberOf(content.sha256, 'gzip'))).code).toBe('artifact-changed');
    expect(readdirSync(join(cache.root, 'parts'))).toEqual([]);
    expect(readdirSync(join(cache.root, 'members'))).toEqual([]);
    writeFileSync(content.path, good);
    expect((await memberOf(content.sha256, 'gzip')).bytes).toBeGreaterThan(0);
  });

  it.each(['zstd', 'gzip'] as const)('stops %s with the reason it is given', async (encoding) => {
    const cache = await temporaryCache();
    const content = contentOf();
    const { memberOf } = storeOf(cache, content, { signal: AbortSignal.abort('interrupted') });
    await expect(memberOf(content.sha256, encoding)).rejects.toBe('interrupted');
    expect(readdirSync(join(cache.root, 'parts'))).toEqual([]);
  });

  it('knows nothing that was not added', async () => {
    const { memberOf } = storeOf(await temporaryCache(), contentOf());
    await expect(memberOf(sha256('unknown'), 'zstd')).rejects.toThrow(/no content/);
  });
});
