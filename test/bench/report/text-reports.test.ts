import { describe, expect, test } from 'vitest';
import { type Analysis, analyse } from '../../../src/bench/analysis/analyse.js';
import { csvReport } from '../../../src/bench/report/csv.js';
import { jsonReport } from '../../../src/bench/report/json.js';
import { markdownReport } from '../../../src/bench/report/markdown.js';
import { terminalReport } from '../../../src/bench/report/terminal.js';
import { PLAIN } from '../../../src/ui/style.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const golden = (name: string): string => `../../golden/bench/${name}`;
const busy = { code: 'node-busy', message: 'load 14.2 on 16 cores before our load, limit 11.2', node: 's5' };
const OLD_STAGES = ['sent', 'accepted', 'added', 'scheduled', 'running', 'ready'] as const;

const runs: Record<string, Analysis> = {
  standard: analyse(await syntheticRun()),
  troubled: analyse(
    await syntheticRun({ neverEvery: 20, stallMs: 1500, slowNode: { node: 's6', factor: 0.6 }, void: { 4: busy } }),
  ),
  quick: analyse(await syntheticRun({ preset: 'quick', link: 'virtual', stages: OLD_STAGES, kubernetes: '1.20.2' })),
  void: analyse({ ...(await syntheticRun({ preset: 'quick', void: { 1: busy } })), outcome: 'interrupted' }),
};
const names = Object.keys(runs);
const run = (name: string): Analysis => runs[name] as Analysis;

describe('for a terminal', () => {
  test.each(names)('%s', async (name) => {
    const lines = terminalReport(run(name), { width: 110, style: PLAIN });
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden(`report-${name}.txt`));
  });

  test.each([60, 80, 110, 160])('of %d characters no line is wider', (width) => {
    for (const name of names) {
      const widest = Math.max(...terminalReport(run(name), { width, style: PLAIN }).map(({ length }) => length));
      expect(widest).toBeLessThanOrEqual(width);
    }
  });
});

test('what other machines wrote neither moves the cursor, nor breaks a table, nor becomes markup', async () => {
  const record = await syntheticRun({ preset: 'quick', neverEvery: 30 });
  for (const pod of record.pods.samples) if (pod.failure !== null) pod.failure = 'a\u001b[2Jb\nc | <b>d</b>';
  const analysis = analyse(record);
  const shown = terminalReport(analysis, { width: 120, style: PLAIN }).filter((line) => line.includes('paced-1-29'));
  expect(shown).toEqual([
    'paced-1-29      1  s6    ab c | <b>d</b>',
    '! 2 pods never started and count as infinite, first paced-1-29: ab c | <b>d</b>',
  ]);
  const rows = markdownReport(analysis)
    .split('\n')
    .filter((line) => line.startsWith('| paced-1-29'));
  expect(rows).toEqual(['| paced-1-29 | 1 | s6 | ab c \\| \\<b\\>d\\</b\\> |']);
});

describe('for a pull request', () => {
  test.each(names)('%s', async (name) => {
    await expect(markdownReport(run(name))).toMatchFileSnapshot(golden(`report-${name}.md`));
  });

  test('what others wrote is no markup', async () => {
    const record = await syntheticRun({ preset: 'quick' });
    record.environment.cluster.name = 'a|b <img src=x> *c*';
    const [title] = markdownReport(analyse(record)).split('\n');
    expect(title).toContain('a\\|b \\<img src=x\\> \\*c\\*');
  });
});

describe('for a spreadsheet', () => {
  const lines = (name: string): string[] => csvReport(run(name)).trimEnd().split('\n');

  test('every sample has its line', () => {
    const { pods, network, api, dns } = run('standard').record;
    const count = (kind: string): number => lines('standard').filter((line) => line.split(',')[3] === kind).length;
    expect(count('pod')).toBe(pods.samples.length * pods.stages.length);
    expect([count('api'), count('dns')]).toEqual([api.samples.length, dns.samples.length]);
    const echoes = network.samples.flatMap(({ result }) => (result.kind === 'round-trip' ? result.samplesMs : []));
    expect(count('network')).toBeGreaterThan(echoes.length);
    expect(count('metric')).toBe(run('standard').metrics.length * 5);
  });

  test('every line has every column, and a round that does not count says so', () => {
    const [head = '', ...rest] = lines('troubled');
    expect(head).toBe('run,round,counted,kind,cell,from,to,sample,metric,unit,value');
    expect(new Set(rest.map((line) => line.split(',').length))).toEqual(new Set([11]));
    const counted = new Map(rest.map((line) => [line.split(',')[1], line.split(',')[2]]));
    expect(Object.fromEntries(counted)).toEqual({ 0: 'false', 1: 'true', 2: 'true', 3: 'true', 4: 'false', 5: 'true' });
  });

  test('what never happened is Infinity', () => {
    expect(lines('troubled')).toContainEqual(expect.stringMatching(/,pod,paced,.*,paced-1-19,running,ms,Infinity$/));
  });

  test('fields with commas and quotes', async () => {
    const record = await syntheticRun({ preset: 'quick' });
    Object.assign(record.dns.samples[0] ?? {}, { name: 'a,"b"' });
    expect(csvReport(analyse(record))).toContain(',"a,""b""",');
  });
});

describe('for programs', () => {
  test.each(names)('%s is JSON that a strict parser reads', (name) => {
    const summary = JSON.parse(jsonReport(run(name)));
    expect(summary).toMatchObject({ format: 'k8s-diskless-bench-summary', schema: 1 });
    expect(summary.metrics).toHaveLength(run(name).metrics.length);
  });

  test('infinite figures are the text Infinity, unbounded ones null', () => {
    const stage = (name: string) =>
      JSON.parse(jsonReport(run(name))).podStartupMs.find(({ stage }: { stage: string }) => stage === 'running');
    expect(stage('troubled').quantiles[3]).toMatchObject({ q: 0.99, value: null, atLeast: 'Infinity' });
    expect(stage('quick').quantiles[3]).toMatchObject({
      q: 0.99,
      samples: 60,
      value: null,
      atLeast: expect.any(Number),
    });
    expect(stage('standard').quantiles[3]).toMatchObject({ value: expect.any(Number), interval: { high: 'Infinity' } });
  });
});
