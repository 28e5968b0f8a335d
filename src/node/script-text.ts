import { readFileSync } from 'node:fs';

/** A script of manifests/node, as it is. The way there is the same from src/node and from dist/node. */
export function scriptText(file: string): string {
  return readFileSync(new URL(`../../manifests/node/${file}`, import.meta.url), 'utf8');
}
