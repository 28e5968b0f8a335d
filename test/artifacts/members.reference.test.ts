import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileContent } from '../../src/artifacts/content.js';
import { memberStore } from '../../src/artifacts/members.js';
import { fakeBinary, sha256 } from '../helpers/release-directory.js';
import { temporaryCache, temporaryDirectory } from './fixtures.js';

it('each encoding is kept by itself', async () => {
  const data = fakeBinary('kubelet');
  const path = join(temporaryDirectory(), 'kubelet');
  writeFileSync(path, data);
  const content = fileContent({ name: 'kubelet', path, sha256: sha256(data), size: data.length });
  const store = memberStore({ cache: await temporaryCache(), env: process.env, progress: () => undefined });
  store.add([content]);
  const made = [await store.memberOf(content.sha256, 'zstd'), await store.memberOf(content.sha256, 'gzip')];
  expect(made.map((member) => member.path)).toEqual([
    expect.stringMatching(/\.tar\.zst$/),
    expect.stringMatching(/\.tar\.gz$/),
  ]);
});
