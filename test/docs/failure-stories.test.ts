import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROWS = readFileSync('docs/failure-stories.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| what happened'))
  .map((line) => line.split(' | '));

it('has all seventeen, each shown by a test, or with the reason why it does not apply', () => {
  expect(ROWS).toHaveLength(17);
  for (const [, outcome = '', shown = ''] of ROWS)
    expect(shown.replaceAll('|', '').trim() === '').toBe(outcome.startsWith('does not apply: '));
});

it('names tests that exist', () => {
  const named = ROWS.flatMap(([, , shown = '']) => [...shown.matchAll(/`(test\/[^`]+)`: (.*?)(?=; `test\/| \|$)/g)]);
  expect(named.length).toBeGreaterThan(17);
  for (const [, file = '', title = ''] of named)
    expect(readFileSync(file, 'utf8'), `${file}: ${title}`).toContain(title);
});
