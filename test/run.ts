import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Every layer of the tests, one after the other, and one closing line. `npm test` runs all of them, `npm test -- unit`
 * those whose name begins with a given word. A check counts as one test.
 */
interface Layer {
  name: string;
  title: string;
  command: string[];
  /** vitest's own counts are read from its report. */
  counted?: true;
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed, by name, so that the end of a long log says it. */
  failures: string[];
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[];
}

/** Enough to see the reason at the end of a log of which nobody sees more. */
const MESSAGE_LINES = 15;
const MESSAGE_COLUMNS = 400;

const VITEST = 'node_modules/vitest/vitest.mjs';
const unitUnder = (major: number): Layer => ({
  name: `unit-node${major}`,
  title: `unit tests under Node ${major}`,
  command: ['npm', 'exec', '--yes', `--package=node@${major}`, '--', 'node', VITEST, 'run', '--project', 'unit'],
  counted: true,
});

const LAYERS: readonly Layer[] = [
  { name: 'check-format', title: 'format and lint', command: ['node_modules/.bin/biome', 'ci', '.'] },
  { name: 'check-types', title: 'types', command: ['node_modules/.bin/tsc', '--noEmit'] },
  { name: 'check-unused', title: 'unused code', command: ['node_modules/.bin/knip'] },
  { name: 'check-used', title: 'code that only tests use', command: ['node_modules/.bin/knip', '--production'] },
  { name: 'unit', title: 'unit tests', command: ['node', VITEST, 'run', '--project', 'unit'], counted: true },
  unitUnder(24),
  {
    // Its first time is that of a compiler, for which no test's limit is made.
    name: 'e2e-build',
    title: 'build of the lab',
    command: ['node_modules/.bin/tsx', 'lab/build/cli.ts', '--machines'],
  },
  {
    name: 'e2e',
    title: 'end-to-end tests on the lab',
    command: ['node', VITEST, 'run', '--project', 'e2e'],
    counted: true,
  },
];

function run(layer: Layer, reports: string): Counts {
  process.stdout.write(`\n== ${layer.title}\n`);
  const report = join(reports, `${layer.name}.json`);
  const [program = '', ...args] = layer.command;
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status, error } = spawnSync(program, layer.counted ? [...args, ...reporters] : args, { stdio: 'inherit' });
  if (error) process.stderr.write(`${program}: ${error.message}\n`);
  const ok = status === 0;
  if (!layer.counted) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures: [] };
  return countsOf(report, ok);
}

/** A run that died without a report, or failed outside any test, still counts as a failure. */
function countsOf(report: string, ok: boolean): Counts {
  try {
    const seen: Report = JSON.parse(readFileSync(report, 'utf8'));
    const failed = ok ? 0 : Math.max(1, seen.numFailedTests);
    return { passed: seen.numPassedTests, failed, skipped: seen.numPendingTests, failures: failuresOf(seen) };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: ['it left no report'] };
  }
}

function failuresOf({ testResults }: Report): string[] {
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((test) => test.status === 'failed');
  return failed.map(({ fullName, failureMessages: [first = ''] }) => {
    // What a program said stands in the message, its last words where it ended; of the stack, the log above has all.
    const lines = first.split('\n').filter((line) => !/^\s+at /.test(line));
    const told =
      lines.length <= 2 * MESSAGE_LINES
        ? lines
        : [...lines.slice(0, MESSAGE_LINES), '…', ...lines.slice(-MESSAGE_LINES)];
    return [fullName, ...told.map((line) => `  ${line.slice(0, MESSAGE_COLUMNS)}`)].join('\n    ');
  });
}

const wanted = process.argv.slice(2);
const layers = LAYERS.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)));
const reports = mkdtempSync(join(tmpdir(), 'k8s-diskless-test-'));
const results = layers.map((layer) => ({ layer, counts: run(layer, reports) }));
rmSync(reports, { recursive: true });

process.stdout.write('\n');
for (const { layer, counts } of results) {
  const mark = counts.failed > 0 ? 'FAILED' : 'ok';
  process.stdout.write(`${mark.padEnd(7)} ${layer.title}: ${counts.passed} passed, ${counts.failed} failed\n`);
  for (const failure of counts.failures) process.stdout.write(`    ${failure}\n`);
}
const sum = (key: 'passed' | 'failed' | 'skipped'): number =>
  results.reduce((total, { counts }) => total + counts[key], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
// In CI nothing may be skipped: what is missing there is a failure.
process.exitCode = sum('failed') > 0 || sum('skipped') > 0 ? 1 : 0;
