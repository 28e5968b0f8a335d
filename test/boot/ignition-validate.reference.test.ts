import { beforeAll, expect, test } from 'vitest';
import { type BootFile, renderBoot } from '../../src/boot/render.js';
import { ignitionValidator, validate } from './helpers/ignition-validate.js';
import { VARIANTS } from './variants.js';

/* Ignition itself reads what is written in spec 3, without a warning. */

let validator: string;
beforeAll(async () => {
  validator = await ignitionValidator();
});

const ignition = Object.entries(VARIANTS).flatMap(([variant, plan]) =>
  renderBoot(plan)
    .filter(({ kind }) => kind === 'ignition')
    .map((file) => ({ title: `${variant}/${file.name}`, file })),
);
const version = ({ text }: BootFile): string => JSON.parse(text).ignition.version;
const ofSpec3 = ignition.filter(({ file }) => version(file) === '3.3.0');

test.each(ofSpec3)('$title', async ({ file }) => {
  expect(await validate(validator, file.text)).toBe('');
});

test('the validator does see faults', async () => {
  const [first] = ofSpec3;
  const faulty = { ...JSON.parse(first?.file.text ?? ''), sorage: {} };
  expect(await validate(validator, JSON.stringify(faulty))).toContain('Unused key sorage');
  expect(await validate(validator, JSON.stringify({ ignition: { version: '2.2.0' } }))).toContain('unsupported');
});
