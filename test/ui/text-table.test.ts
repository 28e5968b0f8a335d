import { describe, expect, test } from 'vitest';
import { type Column, harmless, textTable, truncate, wrap } from '../../src/ui/text-table.js';

interface Row {
  name: string;
  size: number;
  note: string;
}

const ROWS: Row[] = [
  { name: 's4', size: 1, note: 'short' },
  { name: 'node-with-a-name', size: 1234, note: 'a remark that goes on' },
];
const COLUMNS: Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'SIZE', cell: ({ size }) => `${size}`, align: 'right', priority: 0 },
  { title: 'NOTE', cell: ({ note }) => note, priority: 1 },
];

describe('textTable', () => {
  test('is as wide as its content', () => {
    expect(textTable({ columns: COLUMNS, rows: ROWS, width: 80 })).toEqual([
      'NAME              SIZE  NOTE',
      's4                   1  short',
      'node-with-a-name  1234  a remark that goes on',
    ]);
  });

  test('loses columns by priority, then the ends of lines', () => {
    expect(textTable({ columns: COLUMNS, rows: ROWS, width: 40 })).toEqual([
      'NAME              NOTE',
      's4                short',
      'node-with-a-name  a remark that goes on',
    ]);
    expect(textTable({ columns: COLUMNS, rows: ROWS, width: 10 })).toEqual(['NAME', 's4', 'node-with…']);
  });

  test('colours do not count as width', () => {
    const paint = (text: string): string => `\u001b[31m${text}\u001b[39m`;
    const columns = COLUMNS.map((column) => ({ ...column, paint }));
    const [, line = ''] = textTable({ columns, rows: ROWS, width: 80 });
    expect(line).toBe(`${paint('s4              ')}  ${paint('   1')}  ${paint('short                ')}`);
  });
});

describe('wrap', () => {
  test('breaks at spaces and keeps paragraphs', () => {
    expect(wrap('one two three four five six\n\nseven', { width: 24, indent: '    ' })).toEqual([
      '    one two three four',
      '    five six',
      '',
      '    seven',
    ]);
  });
  test('keeps the indentation of what programs print', () => {
    expect(wrap('a:\n  - one two three four five\n\n    ', { width: 20 })).toEqual([
      'a:',
      '  - one two three',
      'four five',
      '',
      '',
    ]);
  });
  test('breaks what has no spaces, not in the middle of a character', () => {
    expect(wrap(`${'x'.repeat(25)}𝄞`, { width: 20 })).toEqual(['x'.repeat(20), 'xxxxx𝄞']);
  });
});

test('truncate leaves a sign', () => {
  expect([truncate('abc', 3), truncate('abcd', 3), truncate('a bcd', 3), truncate('abcd', 0)]).toEqual([
    'abc',
    'ab…',
    'a…',
    '',
  ]);
});

test('what another machine wrote cannot move the cursor', () => {
  expect(harmless('a\u0007\u001b[2J\u001b[31mb\r\tc\u009b1A\nd')).toBe('ab    c\nd');
});
