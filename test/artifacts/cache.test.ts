import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultCacheRoot, openCache, readRecord, withTemporary, writeRecord } from '../../src/artifacts/cache.js';
import { identify, type ProcessIdentity } from '../../src/state/process-identity.js';
import { identityTag } from '../../src/state/process-tag.js';
import { rejection, temporaryCache, temporaryDirectory } from './fixtures.js';

const COUNT = { kind: 'test', key: 'a key / of any form', schema: z.object({ count: z.number() }) };
/** Above every pid Linux gives out (PID_MAX_LIMIT). */
const DEAD_PID = 4_194_305;

describe('cache', () => {
  it('lies where the XDG specification puts it', () => {
    expect(defaultCacheRoot({ XDG_CACHE_HOME: '/var/cache/me' })).toBe('/var/cache/me/k8s-diskless');
    expect(defaultCacheRoot({})).toBe(join(homedir(), '.cache/k8s-diskless'));
    expect(defaultCacheRoot({ XDG_CACHE_HOME: 'relative' })).toBe(join(homedir(), '.cache/k8s-diskless'));
  });

  it('says how to help itself where it cannot be made', async () => {
    const occupied = join(temporaryDirectory(), 'file');
    writeFileSync(occupied, '');
    const error = await rejection(openCache({ root: join(occupied, 'cache') }));
    expect(error.code).toBe('cache-unusable');
    expect(error.hint).toContain('XDG_CACHE_HOME');
  });

  it('sweeps what dead processes left, and nothing of living or unknown ones', async () => {
    const { root } = await temporaryCache();
    const parts = join(root, 'parts');
    const own = await identify(process.pid);
    const temporary = (changes: Partial<ProcessIdentity>) =>
      `${'0'.repeat(16)}.${identityTag({ ...own, ...changes })}.tmp`;
    const dead = [temporary({ pid: DEAD_PID }), temporary({ start: 'before' })];
    const container = temporary({ pid: DEAD_PID, namespace: '1' });
    const kept = [temporary({}), temporary({ boot: 'beef', host: 'elsewhere' }), container, 'unrelated.txt'];
    for (const name of [...kept, ...dead]) writeFileSync(join(parts, name), '');
    await openCache({ root });
    expect(readdirSync(parts).sort()).toEqual(kept.sort());
  });
});

describe('records', () => {
  it('come back as they were written', async () => {
    const cache = await temporaryCache();
    expect(await readRecord(cache, COUNT)).toBeUndefined();
    await writeRecord(cache, COUNT, { count: 3 });
    expect(await readRecord(cache, COUNT)).toEqual({ count: 3 });
  });

  it.each(['', '{"count":', '{"count":"3"}', '[]'])('count as absent when they hold %j', async (damaged) => {
    const cache = await temporaryCache();
    await writeRecord(cache, COUNT, { count: 3 });
    const folder = join(cache.root, 'records', 'test');
    writeFileSync(join(folder, readdirSync(folder)[0] ?? ''), damaged);
    expect(await readRecord(cache, COUNT)).toBeUndefined();
  });
});

describe('withTemporary', () => {
  it('removes the file of a failure and keeps its reason', async () => {
    const cache = await temporaryCache();
    let path = '';
    const failing = withTemporary(cache, async (temporary) => {
      path = temporary;
      writeFileSync(temporary, 'half');
      throw new Error('the reason');
    });
    await expect(failing).rejects.toThrow('the reason');
    expect(existsSync(path)).toBe(false);
  });

  it('reports a full disk as what it is', async () => {
    const cache = await temporaryCache();
    const full = withTemporary(cache, async () => {
      throw Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' });
    });
    expect((await rejection(full)).code).toBe('cache-unusable');
  });

  it('does not blame the cache for a source that may not be read', async () => {
    const cache = await temporaryCache();
    const refused = withTemporary(cache, async () => {
      throw Object.assign(new Error('open EACCES'), { code: 'EACCES', path: '/srv/artifacts/kubelet' });
    });
    await expect(refused).rejects.toMatchObject({ code: 'EACCES' });
  });

  it('blames the cache for a folder that vanished under it', async () => {
    const cache = await temporaryCache();
    rmSync(join(cache.root, 'parts'), { recursive: true });
    writeFileSync(join(cache.root, 'parts'), '');
    const refused = withTemporary(cache, async (temporary) => writeFileSync(temporary, ''));
    expect((await rejection(refused)).code).toBe('cache-unusable');
  });
});
