import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

/** From the ground up: each imports from those before it only. */
const LAYERS = [
  'errors.ts',
  'abort.ts',
  'node',
  'http',
  'ssh',
  'kube',
  'etcd',
  'facts',
  'config',
  'state',
  'components',
  'pki',
  'cluster',
  'plan',
  'delivery',
  'artifacts',
  'runner',
  'reconcile',
  'boot',
  'ui',
  'bench',
  'app',
  'commands',
  'cli.ts',
];

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
