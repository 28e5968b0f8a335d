import { readFileSync } from 'node:fs';
import { CONFIG } from '../../src/config/schema.js';
import { configTable } from './config-table.js';

/** From here to its end a page is written by `npm run docs`. */
export const MARK = '<!-- What follows is written by `npm run docs` from the code. -->';

interface Page {
  file: string;
  /** What follows the mark. */
  generated: () => string;
}

export const PAGES: readonly Page[] = [{ file: 'docs/config.md', generated: () => configTable(CONFIG) }];

/** The page as it should be: its own words up to the mark, then what the code says. */
export function pageText({ file, generated }: Page): string {
  const [words, ...rest] = readFileSync(file, 'utf8').split(MARK);
  if (rest.length !== 1) throw new Error(`${file} needs the line ${MARK} once`);
  return `${words}${MARK}\n${generated()}\n`;
}
