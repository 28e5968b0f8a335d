import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

/** From the ground up, as docs/architecture.md has them: each imports from those before it only. */
const LAYERS = layersOf(readFileSync('docs/architecture.md', 'utf8'));

function layersOf(page: string): string[] {
  const [, section = ''] = page.split('## Who may import whom');
  return [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([\w.-]+)` \|/gm)].map(([, name = '']) => name);
}

const layerOf = (path: string): string => path.split('/')[1] ?? '';

function importsOf(file: string): string[] {
  const specifiers = readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+)';/g);
  return [...specifiers].map(([, specifier = '']) => join(dirname(file), specifier.replace(/\.js$/, '.ts')));
}

it('imports go one way', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  expect([...new Set(files.map(layerOf))].toSorted()).toEqual(LAYERS.toSorted());
  const upwards = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => LAYERS.indexOf(layerOf(imported)) > LAYERS.indexOf(layerOf(file)))
      .map((imported) => `${file} -> ${imported}`),
  );
  expect(upwards).toEqual([]);
});
