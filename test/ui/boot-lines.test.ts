import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bootLines, createBootLines } from '../../src/ui/boot-lines.js';
import { PLAIN } from '../../src/ui/style.js';
import { morning, SERVING, stamped } from './sample-boots.js';

const golden = (name: string): string => fileURLToPath(new URL(`../golden/ui/${name}`, import.meta.url));

function shown(events = morning()): string {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  const view = createBootLines({ write, width: 100, style: PLAIN });
  for (const event of events) view(event);
  view.end();
  return text;
}

test('a line for whatever was fetched or went wrong, and where every machine is at the end', async () => {
  await expect(shown()).toMatchFileSnapshot(golden('boot-lines.txt'));
});

test('what machines write does not reach the terminal as it is', () => {
  expect(shown()).not.toContain('\u001b');
});

describe('how sure one can be of the images', () => {
  test.each([
    ['signature', 'signatures checked'],
    ['checksum', 'checksums checked, signatures not'],
    ['unchecked', 'not checked'],
  ])('%s', (trust, words) => {
    expect(bootLines(stamped({ ...SERVING, trust } as typeof SERVING, 0), PLAIN).join('\n')).toContain(words);
  });
});

test('another address than machines know is named', () => {
  const [line] = bootLines(stamped({ ...SERVING, listen: '0.0.0.0:8080' } as typeof SERVING, 0), PLAIN);
  expect(line).toContain('at http://10.0.0.1:8080 (listening on 0.0.0.0:8080)');
});
