import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countsOf } from './counts.js';

const directory = mkdtempSync(join(tmpdir(), 'reports-'));
afterAll(() => rmSync(directory, { recursive: true }));

function reportOf(given: object): string {
  const path = join(directory, `${Math.random()}.json`);
  const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  writeFileSync(path, JSON.stringify({ ...none, ...given }));
  return path;
}

describe('countsOf', () => {
  it('counts what vitest counted', () => {
    const report = reportOf({ numPassedTests: 5, numPendingTests: 1, numTodoTests: 2 });
    expect(countsOf(report, true)).toEqual({ passed: 5, failed: 0, skipped: 3, failures: [] });
  });

  it('names what failed, without the stack', () => {
    const failureMessages = ['Error: no\n    at file:///x.ts:1:1\nmore'];
    const assertionResults = [
      { fullName: 'it works', status: 'failed', failureMessages },
      { fullName: 'it passes', status: 'passed', failureMessages: [] },
    ];
    const testResults = [{ name: 'a.test.ts', status: 'failed', message: '', assertionResults }];
    const { failed, failures } = countsOf(reportOf({ numPassedTests: 1, numFailedTests: 1, testResults }), false);
    expect({ failed, failures }).toEqual({ failed: 1, failures: ['it works\n      Error: no\n      more'] });
  });

  it('names a file whose tests could not be found out', () => {
    const testResults = [{ name: 'a.test.ts', status: 'failed', message: 'SyntaxError', assertionResults: [] }];
    const { failed, failures } = countsOf(reportOf({ testResults }), false);
    expect({ failed, failures }).toEqual({ failed: 1, failures: ['a.test.ts\n      SyntaxError'] });
  });

  it('takes a run that failed outside of tests, or left no report, for a failure', () => {
    expect(countsOf(reportOf({ numPassedTests: 5 }), false)).toMatchObject({ passed: 5, failed: 1 });
    expect(countsOf(join(directory, 'none.json'), false)).toMatchObject({ failed: 1, failures: ['it left no report'] });
    expect(countsOf(join(directory, 'none.json'), true)).toMatchObject({ failed: 1 });
  });
});
