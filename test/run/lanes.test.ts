import { existsSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CORE, SUITES, TEST } from '../lanes.js';
import { otherLanes, referenceFiles } from './other-lanes.js';

const suites = Object.entries(SUITES);

it('each file of the lab is in one lane, and in one suite of it', () => {
  const files = readdirSync('test/e2e').filter((name) => name.endsWith('.test.ts'));
  const listed = [...CORE, ...suites.flatMap(([, { files: own = [] }]) => own)];
  expect(listed.map((name) => `${name}.test.ts`).toSorted()).toEqual(files.toSorted());
});

it('no suite is longer than an hour, and each runs something', () => {
  for (const [name, { minutes, files, layers }] of suites) {
    expect(minutes, name).toBeLessThanOrEqual(60);
    expect((files ?? layers ?? []).length, name).toBeGreaterThan(0);
  }
});

it('the lab is built before any test needs a part of it', () => {
  const names = TEST.map(({ name }) => name);
  for (const later of ['reference', 'core']) expect(names.indexOf('build')).toBeLessThan(names.indexOf(later));
});

it('layers have names of their own', () => {
  const names = TEST.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

it('what is not in the fast lane is said with its numbers', () => {
  expect(referenceFiles().every((file) => existsSync(file))).toBe(true);
  expect(otherLanes().join('\n')).toContain(
    `reference tools ${referenceFiles().length}, core of the lab ${CORE.length}`,
  );
  for (const [name, { files }] of suites)
    if (files) expect(otherLanes().join('\n')).toContain(`${name} ${files.length}`);
});
