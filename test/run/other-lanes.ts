import { readdirSync } from 'node:fs';
import { CORE, SUITES } from '../lanes.js';

/** What the fast lane leaves out, with the numbers of test files and how to run them. */
export function otherLanes(): string[] {
  const long = Object.entries(SUITES).flatMap(([name, { files = [] }]) =>
    files.length === 0 ? [] : [`${name} ${files.length}`],
  );
  return [
    'not in this lane (files):',
    `  npm test                             reference tools ${referenceFiles().length}, core of the lab ${CORE.length}`,
    `  npm run test:long -- --only SUITE    ${long.join(', ')}`,
  ];
}

export function referenceFiles(): string[] {
  return ['test', 'lab'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.reference.test.ts'))
      .map((path) => `${root}/${path}`),
  );
}
