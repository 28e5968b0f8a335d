import { expect, it } from 'vitest';
import { identityTag, parseIdentityTag } from '../../src/state/process-tag.js';

const identity = { pid: 7, start: 'Mon Jan  1 10:00:00 2024', boot: '', namespace: '', host: 'a~b.lab/x' };

it('comes back as it was, in a name that may be a file’s', () => {
  const tag = identityTag(identity);
  expect(tag).not.toMatch(/[/:\s]/);
  expect(parseIdentityTag(tag)).toEqual(identity);
});

it.each(['', '7@host', 'x~~~~host', '7~~~~'])('%j is none', (text) => {
  expect(parseIdentityTag(text)).toBeUndefined();
});
