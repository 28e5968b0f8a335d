import { expect, it } from 'vitest';
import { closing } from './closing.js';

const counts = (passed: number, failed = 0, skipped = 0, failures: string[] = []) => ({
  passed,
  failed,
  skipped,
  failures,
});
const result = (title: string, given: ReturnType<typeof counts>) => ({ layer: { title }, counts: given });

it('all is well', () => {
  expect(closing([result('types', counts(1)), result('unit tests', counts(41))], ['a note'])).toEqual({
    text: `
ok      types: 1 passed, 0 failed
ok      unit tests: 41 passed, 0 failed
a note
42 passed, 0 failed, 0 skipped
`,
    exit: 0,
  });
});

it('a failure is named and ends with 1', () => {
  const { text, exit } = closing([result('types', counts(1)), result('unit tests', counts(41, 1, 0, ['a test']))]);
  expect(text).toContain('FAILED  unit tests: 41 passed, 1 failed\n    a test\n42 passed, 1 failed, 0 skipped\n');
  expect(exit).toBe(1);
});

it('what is skipped is not shown to work', () => {
  const { text, exit } = closing([result('unit tests', counts(41, 0, 2))]);
  expect(text).toContain('FAILED  unit tests: 41 passed, 0 failed, 2 skipped\n41 passed, 0 failed, 2 skipped\n');
  expect(exit).toBe(1);
});
