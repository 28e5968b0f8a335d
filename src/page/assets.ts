import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { packageFile } from '../package-files.js';

/** Plain files, as they are written. */
const DIRECTORY = packageFile('src/page/assets/');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface Asset {
  type: string;
  text: string;
}

/** All of them by name. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const names = (await readdir(DIRECTORY)).filter((name) => extname(name) in TYPES);
  const read = names.map(async (name): Promise<[string, Asset]> => {
    const text = await readFile(new URL(name, DIRECTORY), 'utf8');
    return [name, { type: TYPES[extname(name)] ?? '', text }];
  });
  return new Map(await Promise.all(read));
}
