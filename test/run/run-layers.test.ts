import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Layer } from '../lanes.js';
import { createChildren } from './children.js';
import { runLayers } from './run-layers.js';

let reports: string;
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), 'layers-'));
});
afterEach(() => rmSync(reports, { recursive: true }));

const shell = (name: string, script: string, more: Partial<Layer> = {}): Layer => ({
  name,
  title: name,
  command: ['sh', '-c', script, 'sh'],
  ...more,
});

async function run(...layers: Layer[]) {
  const results = await runLayers({ layers, children: createChildren(), reports });
  return results.map(({ layer, counts }) => [layer.title, counts.passed, counts.failed, counts.failures.join()]);
}

it('a check that fails does not keep the next from running', async () => {
  expect(await run(shell('one', 'exit 3'), shell('two', 'exit 0'))).toEqual([
    ['one', 0, 1, ''],
    ['two', 1, 0, ''],
  ]);
});

it('a gate that fails does', async () => {
  expect(await run(shell('build', 'exit 1', { gate: true }), shell('tests', 'exit 0'))).toEqual([['build', 0, 1, '']]);
});

it('a program that is missing is named, and nothing is started', async () => {
  const touched = join(reports, 'touched');
  const [result] = await run(shell('one', `: >${touched}`, { needs: ['sh', 'no-such-program'] }));
  expect(result).toEqual(['one', 0, 1, 'not installed: no-such-program (sh lab/setup.sh installs all)']);
  expect(() => readFileSync(touched)).toThrow('ENOENT');
});

it('the counts of vitest are read from where it was told to leave them', async () => {
  const report = { numPassedTests: 4, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  writeFileSync(join(reports, 'made.json'), JSON.stringify(report));
  const script = `for a; do :; done; cat ${reports}/made.json >"\${a#--outputFile.json=}"`;
  expect(await run(shell('unit', script, { counted: true }))).toEqual([['unit', 4, 0, '']]);
});

it.each([
  ['that may still clean up', 30_000, 'exit', 'ended\n'],
  ['by force where it does not', 0, ':', ''],
])('an interrupt ends all that a command started, %s, and nothing follows', async (_title, graceMs, then, left) => {
  const children = createChildren(graceMs);
  const [ready, told] = [join(reports, 'ready'), join(reports, 'told')];
  writeFileSync(told, '');
  const child = `trap 'sleep 0.2; echo ended >${told}; ${then}' TERM; echo $$ >${ready}; while :; do sleep 0.01; done`;
  const layers = [shell('one', `sh -c "${child.replace('$$', '\\$\\$')}" & wait`), shell('two', 'exit 0')];
  const running = runLayers({ layers, children, reports });
  await vi.waitFor(() => expect(readFileSync(ready, 'utf8')).toMatch(/\d\n/), 20_000);
  children.interrupt();
  const results = await running;
  expect(results.map(({ layer, counts }) => [layer.title, ...counts.failures])).toEqual([
    ['one', 'it was interrupted'],
  ]);
  await vi.waitFor(() => expect(() => process.kill(Number(readFileSync(ready, 'utf8')), 0)).toThrow('ESRCH'), 20_000);
  expect(readFileSync(told, 'utf8')).toBe(left);
});
