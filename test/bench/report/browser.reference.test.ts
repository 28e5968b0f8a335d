import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../../src/bench/analysis/analyse.js';
import { htmlComparison } from '../../../src/bench/report/compare/compare-html.js';
import { htmlReport } from '../../../src/bench/report/html/page.js';
import { compareRuns } from '../../../src/bench/verdict/compare.js';
import { loadVerdictSettings } from '../../../src/bench/verdict/verdict-settings.js';
import { type Browser, startBrowser } from '../../helpers/browser.js';
import { brokenRun, syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

/* The reports as a real browser lays them out: the last word on what can be read. */

let directory: string;
let inPage: string;
let browser: Browser;
const pages: Record<string, string> = {};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-report-'));
  inPage = await readFile(new URL('in-page.js', import.meta.url), 'utf8');
  const busy = { code: 'node-busy', message: 'load 14.2 on 16 cores before our load, limit 11.2', node: 's5' };
  const standard = await syntheticRun();
  const troubled = await syntheticRun({
    seed: 3,
    neverEvery: 20,
    stallMs: 1500,
    slowNode: { node: 's6', factor: 0.6 },
    void: { 4: busy },
  });
  const nodes = Array.from({ length: 12 }, (_, index) => `rack${index}-node`);
  const many = await syntheticRun({
    preset: 'full',
    nodes,
    networkMode: 'vxlan',
    overrides: ['rounds=2', 'pods.count=20'],
  });
  const slower = await syntheticRun({ seed: 2, slowness: 1.4 });
  const comparison = compareRuns(standard, slower, await loadVerdictSettings());
  const written = {
    standard: htmlReport(analyse(standard)),
    quick: htmlReport(analyse(await syntheticRun({ preset: 'quick', link: 'virtual' }))),
    troubled: htmlReport(analyse(troubled)),
    'nothing works': htmlReport(analyse(await brokenRun())),
    'one node': htmlReport(analyse(await syntheticRun({ nodes: ['s4'] }))),
    'twelve nodes': htmlReport(analyse(many)),
    comparison: htmlComparison({ a: standard, b: slower, comparison, drift: ['kernel: 6.1 → 6.6'], void: [] }),
  };
  for (const [name, html] of Object.entries(written)) {
    const file = join(directory, `${name}.html`);
    await writeFile(file, html);
    pages[name] = pathToFileURL(file).href;
  }
  browser = await startBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await rm(directory, { recursive: true, force: true });
});

const names = ['standard', 'quick', 'troubled', 'nothing works', 'one node', 'twelve nodes', 'comparison'];
const views = [
  { width: 1400, height: 900, scheme: 'light' },
  { width: 1400, height: 900, scheme: 'dark' },
  { width: 420, height: 900, scheme: 'light' },
  { width: 360, height: 800, scheme: 'dark' },
] as const;

const ask = (question: string): Promise<unknown> => browser.evaluate(`${inPage}\n${question}()`);

describe.each(names)('%s', (name) => {
  test.each(views)('$width pixels, $scheme', async (view) => {
    const url = pages[name] ?? '';
    const { requests, messages } = await browser.open(url, view);
    expect(requests, 'a report asks nobody for anything').toEqual([url]);
    expect(messages).toEqual([]);
    expect(await ask('overflow'), 'the page scrolls sideways').toBe(0);
    expect(await ask('hiddenFigures'), 'drawings without size').toEqual([]);
    expect(await ask('outsideTexts'), 'text outside its drawing').toEqual([]);
    expect(await ask('crossingTexts'), 'texts over one another').toEqual([]);
    expect(await ask('faintTexts'), 'text that stands out by less than 4.5:1').toEqual([]);
  });
});

test('it paints something, and in the dark something else', async () => {
  const view = { width: 1000, height: 800 } as const;
  await browser.open('about:blank', { ...view, scheme: 'light' });
  const blank = await browser.screenshot();
  await browser.open(pages.standard ?? '', { ...view, scheme: 'light' });
  const light = await browser.screenshot();
  await browser.open(pages.standard ?? '', { ...view, scheme: 'dark' });
  const dark = await browser.screenshot();
  expect(light.length).toBeGreaterThan(5 * blank.length);
  expect(dark.length).toBeGreaterThan(5 * blank.length);
  expect(dark.equals(light)).toBe(false);
});
