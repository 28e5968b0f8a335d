import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createView } from '../../src/ui/create-view.js';
import { coldRun } from './sample-runs.js';

async function shown(output: 'text' | 'json', terminal: object, env: Record<string, string> = {}): Promise<string> {
  let text = '';
  const stream = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  const stdout = Object.assign(stream, terminal) as unknown as NodeJS.WriteStream;
  const write = (line: string): void => void stdout.write(line);
  const view = createView({ output, stdout, stderr: stdout, write, env, now: () => 0 });
  for (const event of coldRun()) view(event);
  await view.end();
  return text;
}

const TTY = { isTTY: true, columns: 80, rows: 24 };

test('a terminal gets the board, everything else lines', async () => {
  expect(stripVTControlCharacters(await shown('text', TTY))).toMatch(/^✔ Connect over SSH {2}/m);
  const lines = [
    await shown('text', {}),
    await shown('text', { ...TTY, columns: 0 }),
    await shown('text', { ...TTY, columns: 39 }),
    await shown('text', TTY, { TERM: 'dumb' }),
  ];
  for (const text of lines) expect(stripVTControlCharacters(text)).toMatch(/^\[ +0\.2 s\] s4: Connect over SSH: done/m);
});

test('JSON goes to terminals too', async () => {
  const [first = ''] = (await shown('json', TTY)).split('\n');
  expect(JSON.parse(first)).toMatchObject({ v: 1, type: 'run-started' });
});
