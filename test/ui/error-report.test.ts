import { expect, test } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { errorReport } from '../../src/ui/error-report.js';
import { fullTarget, nodeNames } from './sample-runs.js';

const stepTitle = (step: string): string => ({ push: 'Push files' })[step] ?? step;
const golden = (name: string): string => `../golden/ui/${name}.txt`;

function broken(host: string, detail: string): DisklessError {
  return new DisklessError({
    code: 'unit-failed',
    host,
    step: 'etcd',
    message: `etcd.service of ${host} did not start`,
    detail,
    cause: Object.assign(
      new Error('exit code 1', { cause: Object.assign(new Error('inner'), { stack: 'Error: inner\n    at y.ts:2' }) }),
      {
        stack: 'Error: exit code 1\n    at x.ts:1',
      },
    ),
  });
}

const MIXED = [
  fullTarget('s11'),
  fullTarget('s6'),
  new DisklessError({ code: 'lock-held', message: 'another k8s-diskless works on this cluster', hint: 'wait for it' }),
  ...nodeNames(12).map(fullTarget).slice(8),
  broken('s4', 'etcd: one\n\u001b[31mred\u001b[0m'),
  broken('s5', 'etcd: another'),
  broken('s6', 'etcd: another'),
];

test('groups what has one cause', async () => {
  await expect(`${errorReport({ errors: MIXED, width: 80, stepTitle }).join('\n')}\n`).toMatchFileSnapshot(
    golden('errors'),
  );
});

test('verbose shows every answer and the causes', async () => {
  const report = errorReport({ errors: MIXED.slice(-3), width: 80, stepTitle, verbose: true });
  await expect(`${report.join('\n')}\n`).toMatchFileSnapshot(golden('errors-verbose'));
});

test('one error keeps its own words', () => {
  expect(errorReport({ errors: [fullTarget('s6')], width: 100, stepTitle })[0]).toBe(
    '✖ s6: Push files: s6 has no room for 145 MB: /opt has 12 MB left',
  );
});

test('names are not taken out of other words', () => {
  const errors = ['a', 'b'].map((host) => new DisklessError({ code: 'x', host, message: `a bad cab on ${host}` }));
  expect(errorReport({ errors, width: 80 }).filter((line) => line.startsWith('✖'))).toEqual([
    '✖ a: a bad cab on a',
    '✖ b: a bad cab on b',
  ]);
});

test('a long answer is cut at its beginning', () => {
  const detail = Array.from({ length: 50 }, (_, index) => `line ${index + 1}`).join('\n');
  const lines = errorReport({ errors: [broken('s4', detail)], width: 80 });
  expect(lines.slice(1, 3)).toEqual(['      … 30 lines before', '      line 31']);
  expect(lines.at(-1)).toBe('      line 50');
});
