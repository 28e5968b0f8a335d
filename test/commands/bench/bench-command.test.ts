import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { writeRecord } from '../../../src/bench/record/write-record.js';
import { addBenchCommand } from '../../../src/commands/bench/bench-command.js';
import type { DisklessError } from '../../../src/errors.js';
import { type SyntheticOptions, syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

interface Outcome {
  exit: number;
  stdout: string;
  error?: Pick<DisklessError, 'code' | 'message' | 'detail' | 'hint'>;
}

let directory: string;
let stateDir: string;
const busy = { code: 'node-busy', message: 'busy', node: null };
const KEPT: Record<string, SyntheticOptions> = {
  '2026-11-20T10-00-00.000Z': {},
  '2026-11-21T10-00-00.000Z': { seed: 2 },
  '2026-11-22T10-00-00.000Z': { seed: 3, slowness: 1.3 },
  '2026-11-23T10-00-00.000Z': { seed: 4, networkMode: 'vxlan' },
  '2026-11-24T10-00-00.000Z': { seed: 5, void: { 1: busy, 2: busy, 3: busy } },
  '2026-11-24T11-00-00.000Z': { seed: 5, void: { 2: { code: 'node-busy', message: 's4 was busy', node: 's4' } } },
  '2026-11-25T10-00-00.000Z': { seed: 6, preset: 'quick' },
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-command-'));
  stateDir = join(directory, 'state');
  for (const [id, options] of Object.entries(KEPT))
    await writeRecord(join(stateDir, 'bench', id, 'run.json'), { ...(await syntheticRun(options)), id });
});
afterAll(() => rm(directory, { recursive: true }));

/** As cli.ts runs it, with what it says. */
async function bench(command: string, ...args: string[]): Promise<Outcome> {
  const written: string[] = [];
  const write = (text: unknown, done: unknown): boolean => {
    written.push(String(text));
    if (typeof done === 'function') done();
    return true;
  };
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(write);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  let exit = 0;
  const root = new Command().exitOverride();
  addBenchCommand(root, (code) => {
    exit = code;
  });
  try {
    await root.parseAsync(['bench', command, '--state-dir', stateDir, ...args], { from: 'user' });
    return { exit, stdout: written.join('') };
  } catch (thrown) {
    const { exit: code, ...error } = thrown as DisklessError;
    return { exit: code, stdout: written.join(''), error: { ...error, message: (thrown as Error).message } };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

test('--full and a preset of its own: which one was meant?', async () => {
  const root = new Command().exitOverride();
  addBenchCommand(root, () => undefined);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const parsed = root.parseAsync(['bench', '--state-dir', stateDir, '--full', '--preset', 'quick'], { from: 'user' });
  await expect(parsed).rejects.toMatchObject({ code: 'commander.conflictingOption' });
  stderr.mockRestore();
});

describe('bench list', () => {
  test('shows every run kept, the void one with its reason', async () => {
    const { exit, stdout } = await bench('list');
    expect(exit).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['RUN', ...Object.keys(KEPT)]);
    expect(lines[5]).toContain('void: 2 of 5 rounds count, and more than half must');
    expect(lines[1]).toMatch(/standard .* Pod startup 665 ms/);
  });

  test('as JSON', async () => {
    const runs = JSON.parse((await bench('list', '--format', 'json')).stdout);
    expect(runs.map(({ id }: { id: string }) => id)).toEqual(Object.keys(KEPT));
    expect(runs[0]).toMatchObject({ preset: 'standard', nodes: 3, problem: '' });
  });

  test('of a cluster without runs', async () => {
    const elsewhere = join(directory, 'empty');
    await mkdir(elsewhere);
    const { exit, stdout } = await bench('list', '--state-dir', elsewhere);
    expect([exit, stdout]).toEqual([0, `no benchmark run is kept in ${join(elsewhere, 'bench')}\n`]);
  });
});

describe('bench report', () => {
  test('of the latest run, for a terminal', async () => {
    const { exit, stdout } = await bench('report');
    expect(exit).toBe(0);
    expect(stdout).toContain('benchmark run 2026-11-25T10-00-00.000Z');
  });

  test.each([
    ['html', '<!doctype html>'],
    ['md', '### Benchmark of cluster seminar'],
    ['csv', 'run,round,counted'],
    ['json', '{\n  "format": "k8s-diskless-bench-summary"'],
  ])('--format %s', async (format, beginning) => {
    const { exit, stdout } = await bench('report', '2026-11-20', '--format', format);
    expect([exit, stdout.startsWith(beginning)]).toEqual([0, true]);
  });

  test('--out writes a file, whose name tells the format', async () => {
    const out = join(directory, 'report.html');
    expect(await bench('report', '2026-11-20', '--out', out)).toEqual({ exit: 0, stdout: '' });
    expect(await readFile(out, 'utf8')).toContain('<!doctype html>');
    await bench('report', '2026-11-20', '--out', out, '--format', 'csv');
    expect(await readFile(out, 'utf8')).toContain('run,round,counted');
  });

  test('of a run.json from anywhere', async () => {
    const file = join(stateDir, 'bench', '2026-11-20T10-00-00.000Z', 'run.json');
    const { stdout } = await bench('report', file, '--state-dir', join(directory, 'none'));
    expect(stdout).toContain('2026-11-20T10-00-00.000Z');
  });

  test('into a directory that is not there', async () => {
    const { exit, error } = await bench('report', '2026-11-20', '--out', join(directory, 'none', 'x.md'));
    expect([exit, error?.code]).toEqual([2, 'out-unwritable']);
  });

  test('of a run that is not there', async () => {
    const { exit, error } = await bench('report', '2025-01-01');
    expect([exit, error?.code]).toEqual([2, 'run-unknown']);
  });

  test('of another schema', async () => {
    const file = join(directory, 'newer.json');
    await writeFile(file, '{"format": "k8s-diskless-bench-run", "schema": 2}');
    const { exit, error } = await bench('report', file);
    expect([exit, error?.code]).toEqual([2, 'run-schema']);
  });
});

describe('bench compare', () => {
  test('says what changed', async () => {
    const { exit, stdout } = await bench('compare', '2026-11-20', '2026-11-22');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/Pod startup, median .* ▼ worse/);
    expect(stdout).toContain('Of 6 headline figures: 2 worse, 4 same.');
  });

  test.each([
    ['md', '### Benchmark: Of 6 headline figures: 2 worse, 4 same.'],
    ['html', '<!doctype html>'],
    ['json', '{\n  "format": "k8s-diskless-bench-comparison"'],
  ])('--format %s', async (format, beginning) => {
    const { stdout } = await bench('compare', '2026-11-20', '2026-11-22', '--format', format);
    expect(stdout.startsWith(beginning)).toBe(true);
  });

  test('different conditions are for a person to allow', async () => {
    const refused = await bench('compare', '2026-11-20', '2026-11-23');
    expect([refused.exit, refused.error?.code]).toEqual([5, 'runs-drifted']);
    expect(refused.error?.detail).toContain('network mode: routed → vxlan');
    const { exit, stdout } = await bench('compare', '2026-11-20', '2026-11-23', '--allow-drift');
    expect(exit).toBe(0);
    expect(stdout).toContain('! different conditions: network mode: routed → vxlan');
  });

  test('says that one round carries nothing', async () => {
    const { stdout } = await bench('compare', '2026-11-25', '2026-11-25');
    expect(stdout.replaceAll('\n', ' ')).toContain('6 comparisons need 5 a side');
  });

  test('a void run is named as such', async () => {
    const { stdout } = await bench('compare', '2026-11-20', '2026-11-24T10');
    expect(stdout.replaceAll('\n', ' ')).toContain('2026-11-24T10-00-00.000Z supports no verdict');
  });

  test('--set changes what counts', async () => {
    const { stdout } = await bench(
      'compare',
      '2026-11-20',
      '2026-11-22',
      '--set',
      'margins.latency=0.5',
      '--set',
      'headline=[pods.running.p50]',
    );
    expect(stdout).toContain('Of 1 headline figures: 1 same.');
    const { exit, error } = await bench('compare', '2026-11-20', '2026-11-22', '--set', 'margins.latnecy=0.5');
    expect([exit, error?.message]).toEqual([
      2,
      '--set margins.latnecy=0.5: margins.latnecy is not a known key; did you mean "latency"?',
    ]);
  });
});

describe('bench gate', () => {
  const gate = (run: string, ...more: string[]) => bench('gate', run, '--baseline', '2026-11-20', ...more);

  test.each([
    ['passes what is the same', '2026-11-21', 0, 'gate passed'],
    ['fails what became worse', '2026-11-22', 6, 'gate failed: 2 of 12 checks'],
    ['is void when a run is', '2026-11-24T10', 7, 'gate void: the runs support no verdict'],
  ])('%s', async (_name, run, exit, sentence) => {
    const outcome = await gate(run);
    expect([outcome.exit, outcome.stdout]).toEqual([exit, expect.stringContaining(sentence)]);
  });

  test('a round that was lost leaves no verdict, and says why', async () => {
    const { exit, stdout } = await gate('2026-11-24T11');
    const text = stdout.replace(/\s+/g, ' ');
    expect(exit).toBe(7);
    expect(text).toContain('no difference can be told: 6 comparisons need 5 rounds a side');
    expect(text).toContain('2026-11-24T11-00-00.000Z has 4 of 5 rounds: round 2: s4 was busy');
    const { outcome, void: reasons } = JSON.parse((await gate('2026-11-24T11', '--format', 'json')).stdout);
    expect([outcome, reasons[0]]).toEqual(['void', expect.stringContaining('no difference can be told')]);
  });

  test('what is beyond an absolute limit fails, whatever rounds were lost', async () => {
    const { exit, stdout } = await gate('2026-11-24T11', '--set', 'gate.atMost={pods.running.p50: 1}');
    expect([exit, stdout]).toEqual([6, expect.stringContaining('gate failed: 1 of')]);
  });

  test.each(['json', 'md'])('--format %s says the same', async (format) => {
    const { exit, stdout } = await gate('2026-11-22', '--format', format);
    expect(exit).toBe(6);
    if (format === 'json')
      expect(JSON.parse(stdout)).toMatchObject({ outcome: 'failed', baseline: '2026-11-20T10-00-00.000Z' });
    else expect(stdout).toContain('### Benchmark: gate failed: 2 of 12 checks');
  });

  test('different conditions are for a person to allow', async () => {
    expect((await gate('2026-11-23')).exit).toBe(5);
    expect((await gate('2026-11-23', '--allow-drift')).exit).toBe(0);
  });

  test('too few rounds are refused: such a gate could never fail', async () => {
    const { exit, error } = await gate('2026-11-25', '--allow-drift');
    expect([exit, error?.code]).toEqual([2, 'too-few-rounds']);
    expect(error?.message).toBe(
      '6 comparisons at α = 0.05 need 5 rounds a side: 2026-11-20T10-00-00.000Z has 5, 2026-11-25T10-00-00.000Z has 1',
    );
  });

  test('without a baseline there is no gate', async () => {
    const { error } = await bench('gate', '2026-11-21');
    expect(error?.code).toBe('commander.missingMandatoryOptionValue');
  });
});

describe('bench presets', () => {
  test('lists them with how long they take', async () => {
    const { stdout } = await bench('presets');
    expect(stdout.split('\n')[0]).toContain('ON 3 NODES');
    expect(stdout).toMatch(/^quick +2 min/m);
  });

  test('shows one as it would be measured', async () => {
    const { stdout } = await bench('presets', 'standard', '--set', 'pods.count=500');
    expect(stdout).toMatch(/^# about \d+ min \d+ s on 3 nodes\n/);
    expect(stdout).toContain('\n  count: 500\n');
  });

  test('an unknown one', async () => {
    const { exit, error } = await bench('presets', 'standrad');
    expect([exit, error?.message]).toEqual([2, 'there is no preset "standrad"; did you mean "standard"?']);
  });
});
