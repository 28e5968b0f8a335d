import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stateFiles } from '../../src/sealed/state-files.js';
import type { TarFile } from '../../src/sealed/tar-write.js';
import { tarOf } from '../../src/sealed/tar-write.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { all } from './bytes.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-state-files-'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('a file that grows meanwhile, as the change log does, is there as it was when it was looked at', async () => {
  const contents = { '1-101.log': 'abc', '1-201.log': '', 'later.log': 'x'.repeat(300_000) };
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(root, name), content);
  const header = {
    version: 1,
    cluster: 'c',
    clusterId: 'c1',
    exportedAt: '2026-12-01T00:00:00Z',
    moved: false,
  } as const;
  const found: Record<string, string> = {};
  async function* growing(): AsyncGenerator<TarFile> {
    for await (const file of stateFiles(stateDirAt(root), header, new AbortController().signal)) {
      const name = file.name.replace('state/', '');
      if (name in contents) appendFileSync(join(root, name), 'more');
      const bytes = await all(file.content);
      found[name] = String(bytes);
      yield { ...file, content: once(bytes) };
    }
  }
  await all(tarOf(growing(), new Date(0)));
  expect(found).toMatchObject(contents);
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
