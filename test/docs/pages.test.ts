import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as scalar from '../../src/config/scalars.js';
import { setting } from '../../src/config/setting.js';
import { configTable } from './config-table.js';
import { PAGES, pageText } from './pages.js';

test.each(PAGES)('$file is what the code says; else run `npm run docs`', (page) => {
  expect(readFileSync(page.file, 'utf8')).toBe(pageText(page));
});

test('a setting that is described gets its row', () => {
  const port = setting(scalar.port, { heading: 'One', text: 'A port.', byDefault: 7 });
  const hosts = setting(scalar.word, { text: 'A name.', required: true });
  expect(configTable({ deep: { port }, hosts })).toBe(
    [
      '',
      '### One',
      '',
      '| key | type | default | description |',
      '|---|---|---|---|',
      '| `deep.port` | 1–65535 | 7 | A port. |',
      '| `hosts` | text, required |  | A name. |',
    ].join('\n'),
  );
});
