import { readFileSync } from 'node:fs';
import { CONFIG } from '../../src/config/schema.js';
import { configTable } from './config-table.js';
import { decisionList } from './decision-list.js';
import { errorTable } from './error-table.js';
import { eventTypes } from './event-types.js';

/** From here to its end a page is written by `npm run docs`. */
export const MARK = '<!-- What follows is written by `npm run docs` from the code. -->';

interface Page {
  file: string;
  /** What follows the mark. */
  generated: () => string;
}

export const PAGES: readonly Page[] = [
  { file: 'docs/config.md', generated: () => configTable(CONFIG) },
  { file: 'docs/decisions/README.md', generated: decisionList },
  { file: 'docs/errors.md', generated: errorTable },
  { file: 'docs/events.md', generated: eventTypes },
];

/** The page as it should be: its own words up to the mark, then what the code says. */
export function pageText({ file, generated }: Page): string {
  const [words, ...rest] = readFileSync(file, 'utf8').split(MARK);
  if (rest.length !== 1) throw new Error(`${file} needs the line ${MARK} once`);
  return `${words}${MARK}\n${generated()}\n`;
}
