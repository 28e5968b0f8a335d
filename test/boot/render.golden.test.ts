import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { renderBoot } from '../../src/boot/render.js';
import { VARIANTS } from './variants.js';

const GOLDEN = fileURLToPath(new URL('../golden/boot/', import.meta.url));
const rendered = Object.entries(VARIANTS).map(([variant, plan]) => ({ variant, files: renderBoot(plan) }));

test.each(rendered)('$variant', async ({ variant, files }) => {
  for (const { name, text } of files) await expect(text).toMatchFileSnapshot(`${GOLDEN}${variant}/${name}`);
});

test('nothing is recorded that is not rendered', () => {
  const recorded = readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('/'));
  const names = rendered.flatMap(({ variant, files }) => files.map(({ name }) => `${variant}/${name}`));
  expect(recorded.toSorted()).toEqual(names.toSorted());
});
