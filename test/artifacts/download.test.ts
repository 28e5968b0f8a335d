import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobPath, type Cache } from '../../src/artifacts/cache.js';
import { downloadBlob, downloadSha512, downloadText } from '../../src/artifacts/download.js';
import { HttpStatusError } from '../../src/artifacts/http-get.js';
import { sha256 } from '../helpers/release-directory.js';
import { overwrite, rejection, temporaryCache } from './fixtures.js';
import { cutAfter, files, inTurn, type Reply, serve, stallAfter, status, testSettings } from './http-fixtures.js';

const DATA = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31 + (index >> 9)) % 256));
const HALF = DATA.length / 2;
/** How much of the last packets was read before a connection broke is up to the kernel. */
const CONTINUED = expect.stringMatching(/^GET \/file bytes=[1-9]\d*-$/);
const WHOLE = files({ '/file': DATA });

interface Scene {
  cache?: Cache;
  settings?: ReturnType<typeof testSettings>;
  signal?: AbortSignal;
}

async function download(reply: Reply, scene: Scene = {}) {
  const { cache = await temporaryCache(), settings = testSettings(), signal } = scene;
  const server = await serve(reply);
  const progress: [number, number][] = [];
  const blob = downloadBlob({
    url: new URL('file', server.url),
    sha256: sha256(DATA),
    cache,
    settings,
    signal,
    onProgress: (done, total) => progress.push([done, total]),
  });
  return { blob, cache, settings, progress, requests: server.requests };
}

const partsOf = (cache: Cache) => readdirSync(join(cache.root, 'parts'));

describe('downloadBlob', () => {
  it('stores what it got under its content and leaves nothing half-done', async () => {
    const { blob, cache, progress } = await download(WHOLE);
    expect(await blob).toEqual({ path: blobPath(cache, sha256(DATA)), size: DATA.length });
    expect(readFileSync(blobPath(cache, sha256(DATA))).equals(DATA)).toBe(true);
    expect(partsOf(cache)).toEqual([]);
    expect(progress.at(-1)).toEqual([DATA.length, DATA.length]);
  });

  it('does not ask the server for what is there', async () => {
    const { blob, cache } = await download(WHOLE);
    await blob;
    const again = await download(status(500), { cache });
    expect((await again.blob).size).toBe(DATA.length);
    expect(again.requests).toEqual([]);
  });

  it('fetches a damaged blob again', async () => {
    const { blob, cache } = await download(WHOLE);
    const { path } = await blob;
    overwrite(path, Buffer.concat([DATA.subarray(1), Buffer.from([0])]));
    const again = await download(WHOLE, { cache });
    await again.blob;
    expect(again.requests).toEqual(['GET /file']);
    expect(readFileSync(path).equals(DATA)).toBe(true);
  });

  it.each([
    ['is cut', cutAfter(DATA, HALF), 5_000],
    ['stalls', stallAfter(DATA, HALF), 1_000],
  ])('continues where a connection that %s stopped', async (_, broken, idleTimeoutMs) => {
    const { blob, requests, progress } = await download(inTurn(broken, WHOLE), {
      settings: testSettings({ idleTimeoutMs }),
    });
    await blob;
    // A machine that stands still may take another connection for one that stalls.
    const [first, ...others] = requests;
    expect(first).toBe('GET /file');
    expect(others.length).toBeGreaterThan(0);
    expect(others).toEqual(others.map(() => CONTINUED));
    expect(progress.at(-1)).toEqual([DATA.length, DATA.length]);
  });

  it('starts again where the server ignores ranges', async () => {
    const wholeAgain: Reply = (_, response) => void response.writeHead(200).end(DATA);
    const { blob, cache, requests } = await download(inTurn(cutAfter(DATA, HALF), wholeAgain));
    await blob;
    expect(requests).toHaveLength(2);
    expect(readFileSync(blobPath(cache, sha256(DATA))).equals(DATA)).toBe(true);
  });

  it('starts again where the server sends another range than asked for', async () => {
    const wrongRange: Reply = (_, response) =>
      void response.writeHead(206, { 'content-range': `bytes 0-9/${DATA.length}` }).end(DATA.subarray(0, 10));
    const { blob, requests } = await download(inTurn(cutAfter(DATA, HALF), wrongRange, WHOLE));
    await blob;
    expect(requests).toEqual(['GET /file', CONTINUED, 'GET /file']);
  });

  it('continues in a later run, also what a killed process left', async () => {
    const cache = await temporaryCache();
    const first = await download(cutAfter(DATA, HALF), { cache, settings: testSettings({ attempts: 1 }) });
    await expect(first.blob).rejects.toThrow();
    expect(partsOf(cache)).toEqual([`${sha256(DATA)}.part`]);
    const second = await download(WHOLE, { cache });
    await second.blob;
    expect(second.requests).toEqual([CONTINUED]);
  });

  it('uses a complete part without asking the server', async () => {
    const cache = await temporaryCache();
    writeFileSync(join(cache.root, 'parts', `${sha256(DATA)}.part`), DATA);
    const { blob, requests } = await download(status(500), { cache });
    expect((await blob).size).toBe(DATA.length);
    expect(requests).toEqual([]);
  });

  it.each([
    ['the wrong beginning', Buffer.alloc(1000, 'x'), ['GET /file bytes=1000-', 'GET /file']],
    ['more than there is', Buffer.alloc(DATA.length + 1), [`GET /file bytes=${DATA.length + 1}-`, 'GET /file']],
  ])('throws a part away that holds %s', async (_, part, expected) => {
    const cache = await temporaryCache();
    writeFileSync(join(cache.root, 'parts', `${sha256(DATA)}.part`), part);
    const { blob, requests } = await download(WHOLE, { cache });
    await blob;
    expect(requests).toEqual(expected);
  });

  it('refuses other content with both digests, and keeps none of it', async () => {
    const { blob, cache } = await download(files({ '/file': 'something else' }));
    const error = await rejection(blob);
    expect(error.code).toBe('artifact-corrupt');
    expect(error.message).toContain(sha256(DATA));
    expect(error.message).toContain(sha256('something else'));
    expect(partsOf(cache)).toEqual([]);
    expect(readdirSync(join(cache.root, 'blobs'))).toEqual([]);
  });

  it('waits longer after each failure and gives up with the last one', async () => {
    const settings = testSettings({ attempts: 4 });
    const { blob, requests } = await download(status(503), { settings });
    await expect(blob).rejects.toMatchObject({ status: 503 });
    expect(requests).toHaveLength(4);
    expect(settings.waits).toEqual([500, 1000, 2000]);
  });

  it('does not count failures between which it got on', async () => {
    const step = 1_200_000;
    const cutRange: Reply = (request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const range = `bytes ${start}-${DATA.length - 1}/${DATA.length}`;
      response.writeHead(206, { 'content-length': DATA.length - start, 'content-range': range });
      response.write(DATA.subarray(start, start + step), () => response.destroy());
    };
    const settings = testSettings({ attempts: 2 });
    const { blob, requests } = await download(inTurn(cutAfter(DATA, step), cutRange, WHOLE), { settings });
    await blob;
    expect(requests).toEqual(['GET /file', CONTINUED, CONTINUED]);
  });

  it.each([401, 403, 404, 410])('does not try again after %i', async (code) => {
    const { blob, requests } = await download(status(code));
    await expect(blob).rejects.toBeInstanceOf(HttpStatusError);
    expect(requests).toHaveLength(1);
  });

  it('stops when it is aborted and keeps what has arrived', async () => {
    const abort = new AbortController();
    const cache = await temporaryCache();
    const { blob, progress } = await download(stallAfter(DATA, HALF), { cache, signal: abort.signal });
    const ended = expect(blob).rejects.toBe('enough');
    await expect.poll(() => progress.at(-1)?.[0]).toBe(HALF);
    abort.abort('enough');
    await ended;
    expect(partsOf(cache)).toEqual([`${sha256(DATA)}.part`]);
  });

  it('says so when the cache cannot be written', async () => {
    const cache = await temporaryCache();
    rmSync(join(cache.root, 'blobs'), { recursive: true });
    writeFileSync(join(cache.root, 'blobs'), 'not a directory');
    const { blob } = await download(WHOLE, { cache });
    expect((await rejection(blob)).code).toBe('cache-unusable');
  });
});

describe('downloadSha512', () => {
  const SHA512 = createHash('sha512').update(DATA).digest('hex');

  async function downloadBySha512(reply: Reply, cache: Cache, sha512 = SHA512) {
    const server = await serve(reply);
    const url = new URL('file', server.url);
    const blob = downloadSha512({ url, sha512, cache, settings: testSettings(), onProgress: () => {} });
    return { blob, requests: server.requests };
  }

  it('stores the file under its SHA-256, and does not ask for it again', async () => {
    const cache = await temporaryCache();
    const stored = { path: blobPath(cache, sha256(DATA)), sha256: sha256(DATA), size: DATA.length };
    expect(await (await downloadBySha512(WHOLE, cache)).blob).toEqual(stored);
    const again = await downloadBySha512(status(500), cache);
    expect(await again.blob).toEqual(stored);
    expect(again.requests).toEqual([]);
    expect(partsOf(cache)).toEqual([]);
  });

  it('continues where a connection broke', async () => {
    const { blob, requests } = await downloadBySha512(inTurn(cutAfter(DATA, HALF), WHOLE), await temporaryCache());
    expect((await blob).sha256).toBe(sha256(DATA));
    expect(requests).toEqual(['GET /file', CONTINUED]);
  });

  it('refuses anything else', async () => {
    const cache = await temporaryCache();
    const { blob } = await downloadBySha512(WHOLE, cache, 'f'.repeat(128));
    await expect(blob).rejects.toMatchObject({
      code: 'artifact-corrupt',
      message: expect.stringContaining(`found ${SHA512}`),
    });
    expect(readdirSync(join(cache.root, 'blobs'))).toEqual([]);
  });

  it('fetches a blob again that was removed', async () => {
    const cache = await temporaryCache();
    await (await downloadBySha512(WHOLE, cache)).blob;
    rmSync(blobPath(cache, sha256(DATA)));
    expect((await (await downloadBySha512(WHOLE, cache)).blob).size).toBe(DATA.length);
  });
});

describe('downloadText', () => {
  it('tries again after a server error', async () => {
    const server = await serve(inTurn(status(502), files({ '/sum': 'digest\n' })));
    const text = await downloadText({ url: new URL('sum', server.url), settings: testSettings() });
    expect(text).toBe('digest\n');
    expect(server.requests).toHaveLength(2);
  });

  it('does not read without end', async () => {
    const endless: Reply = (_, response) => {
      const more = () => response.write(Buffer.alloc(256 * 1024, 'x'), (error) => error ?? more());
      more();
    };
    const server = await serve(endless);
    await expect(downloadText({ url: new URL(server.url), settings: testSettings() })).rejects.toThrow(/too long/);
  });
});
