import { readFileSync } from 'node:fs';
import { packageFile } from '../package-files.js';

/** A script of manifests/node, as it is. */
export function scriptText(file: string): string {
  return readFileSync(packageFile(`manifests/node/${file}`), 'utf8');
}
