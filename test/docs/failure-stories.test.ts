import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** File → how many stories it has, and of those which nothing shows yet, by a word of each. */
const FILES = [
  { file: 'docs/failure-stories.md', stories: 17, unshown: [] },
  { file: 'docs/day-two-stories.md', stories: 16, unshown: ['namespace-stuck'] },
];

describe.each(FILES)('$file', ({ file, stories, unshown }) => {
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| what happened'))
    .map((line) => line.split(' | '));

  it('has all stories, each shown by a test, or with the reason why it does not apply', () => {
    expect(rows).toHaveLength(stories);
    for (const [, outcome = '', shown = ''] of rows) {
      const isUnshown = outcome.startsWith('does not apply: ') || unshown.some((word) => outcome.includes(word));
      expect(shown.replaceAll('|', '').trim() === '', outcome).toBe(isUnshown);
    }
  });

  it('names tests that exist', () => {
    const named = rows.flatMap(([, , shown = '']) => [...shown.matchAll(/`(test\/[^`]+)`: (.*?)(?=; `test\/| \|$)/g)]);
    expect(named.length).toBeGreaterThan(stories / 2);
    for (const [, path = '', title = ''] of named)
      expect(readFileSync(path, 'utf8'), `${path}: ${title}`).toContain(title);
  });
});
