import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { resolveSpec } from '../../src/config/resolve.js';
import { DisklessError } from '../../src/errors.js';

const directory = fileURLToPath(new URL('../golden/config/', import.meta.url));
const cases = readdirSync(directory).filter((name) => name.endsWith('.yaml'));

function explain(file: string, text: string): string {
  try {
    resolveSpec({ file: parseConfig(file, text), flags: {}, defaults: { kubernetes: '1.37.2' } });
  } catch (error) {
    if (!(error instanceof DisklessError)) throw error;
    const { code, exit, message, detail, hint } = error;
    return `${[`${code} (exit ${exit})`, message, detail, hint && `hint: ${hint}`].filter(Boolean).join('\n')}\n`;
  }
  throw new Error(`${file} is accepted`);
}

test.each(cases)('%s is refused with the place of every problem', async (name) => {
  const said = explain(name, readFileSync(directory + name, 'utf8'));
  await expect(said).toMatchFileSnapshot(`${directory}${name.replace(/\.yaml$/, '.errors.txt')}`);
});
