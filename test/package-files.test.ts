import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('only package-files.ts goes by where the code lies: bundled, it lies elsewhere', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => /new URL\([^)]*import\.meta\.url/.test(readFileSync(join('src', name), 'utf8')));
  expect(files).toEqual(['package-files.ts']);
});
