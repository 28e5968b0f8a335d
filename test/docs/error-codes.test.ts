import { describe, expect, test } from 'vitest';
import { errorPlaces, placesIn } from './error-codes.js';

describe('an error of the sources', () => {
  test('is found with its exit code, its words and its remedy', () => {
    const source = `
      const hint = \`wait, or end \${pid}\`;
      if (busy) throw refusal({ code: 'busy', message: \`\${name} is busy (\${list.map(({ a }) => \`<\${a}>\`).join(', ')})\`, hint });
      throw new DisklessError({ code: 'gone', message: many ? 'they are gone' : 'it is gone', exit: EXIT.usage });
    `;
    expect(placesIn(source)).toEqual([
      { code: 'busy', exit: 5, message: '… is busy (…)', hint: 'wait, or end …' },
      { code: 'gone', exit: 2, message: 'they are gone / it is gone', hint: '' },
    ]);
  });

  test('may be a finding of preflight, and a note ends no run', () => {
    const source = `
      return error('swap-on', 'swap is on', 'swapoff -a');
      bus.emit({ type: 'note', level: 'info', code: 'added', message: 'it was added' });
    `;
    expect(placesIn(source)).toEqual([
      { code: 'added', exit: undefined, message: 'it was added', hint: '' },
      { code: 'swap-on', exit: 3, message: 'swap is on', hint: 'swapoff -a' },
    ]);
  });

  test('in a comment or a text is none', () => {
    expect(
      placesIn("// usageError({ code: 'no', message: 'x' })\nconst a = \"({ code: 'no', message: 'x' })\";"),
    ).toEqual([]);
  });
});

test('those that scripts decide by are among them, with their exit codes', () => {
  const exits = new Map(errorPlaces().map(({ code, exit }) => [code, exit]));
  expect([exits.get('config-invalid'), exits.get('locked'), exits.get('state-version')]).toEqual([2, 5, 2]);
});
