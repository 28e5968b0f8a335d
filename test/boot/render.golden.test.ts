import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { renderBoot } from '../../src/boot/render.js';
import { ignitionValidator, validate } from './helpers/ignition-validate.js';
import { VARIANTS } from './variants.js';

const GOLDEN = fileURLToPath(new URL('../golden/boot/', import.meta.url));
const rendered = Object.entries(VARIANTS).map(([variant, plan]) => ({ variant, files: renderBoot(plan) }));

test.each(rendered)('$variant', async ({ variant, files }) => {
  for (const { name, text } of files) await expect(text).toMatchFileSnapshot(`${GOLDEN}${variant}/${name}`);
});

test('nothing is recorded that is not rendered', () => {
  const recorded = readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('/'));
  const names = rendered.flatMap(({ variant, files }) => files.map(({ name }) => `${variant}/${name}`));
  expect(recorded.toSorted()).toEqual(names.toSorted());
});

describe('Ignition itself reads what is written, without a warning', () => {
  let validator: string;
  beforeAll(async () => {
    validator = await ignitionValidator();
  }, 120_000);

  const ignition = rendered.flatMap(({ variant, files }) =>
    files.filter(({ kind }) => kind === 'ignition').map((file) => ({ title: `${variant}/${file.name}`, file })),
  );
  test.each(ignition)('$title', async ({ file }) => {
    expect(await validate(validator, file.text)).toBe('');
  });

  test('the validator does see faults', async () => {
    const [first] = ignition;
    const faulty = { ...JSON.parse(first?.file.text ?? ''), sorage: {} };
    expect(await validate(validator, JSON.stringify(faulty))).toContain('Unused key sorage');
    expect(await validate(validator, JSON.stringify({ ignition: { version: '2.2.0' } }))).toContain('unsupported');
  });
});
