import { readFileSync } from 'node:fs';

/** A script of manifests/node, as it is. The way there is the same from src/node and from dist/node. */
export function scriptText(name: string): string {
  return readFileSync(new URL(`../../manifests/node/${name}.bash`, import.meta.url), 'utf8');
}
