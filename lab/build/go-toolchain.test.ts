import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { goProduct } from './go-product.js';
import { cniPlugins } from './go-software.js';
import { isEnough } from './go-toolchain.js';
import { materialize } from './product.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'go-'));
});
afterEach(() => rm(root, { recursive: true }));

it.each([
  ['go1.26.8', true],
  ['go1.27', true],
  ['go1.27.0-X:nodwarf5', true],
  ['devel go1.28-abc', true],
  ['go1.26.7', false],
  ['go1.26', false],
  ['go1.19.8', false],
])('%s is new enough: %s', (installed, enough) => expect(isEnough(installed)).toBe(enough));

it('says what to install where there is no Go, and leaves nothing that counts as built', async () => {
  // The fast lane has none in its PATH.
  await expect(materialize(goProduct(cniPlugins), { root, progress: () => {} })).rejects.toMatchObject({
    code: 'lab-go-missing',
    hint: expect.stringContaining('golang-go'),
  });
  expect(await readdir(join(root, 'cni-plugins'))).toEqual([]);
});
