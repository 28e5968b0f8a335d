import { readFileSync } from 'node:fs';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed, by name, so that the end of a long log says it. */
  failures: readonly string[];
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Enough to see the reason at the end of a log of which nobody sees more. */
const MESSAGE_LINES = 15;
const MESSAGE_COLUMNS = 400;

export const passed: Counts = { passed: 1, failed: 0, skipped: 0, failures: [] };

export function failed(...failures: readonly string[]): Counts {
  return { passed: 0, failed: 1, skipped: 0, failures };
}

export function sum(all: readonly Counts[]): Counts {
  const total = (key: 'passed' | 'failed' | 'skipped') => all.reduce((value, counts) => value + counts[key], 0);
  const failures = all.flatMap((counts) => counts.failures);
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped'), failures };
}

/** A run that died without a report, or failed outside any test, still counts as a failure. */
export function countsOf(report: string, ok: boolean): Counts {
  try {
    const seen: Report = JSON.parse(readFileSync(report, 'utf8'));
    return {
      passed: seen.numPassedTests,
      failed: ok ? 0 : Math.max(1, seen.numFailedTests),
      skipped: seen.numPendingTests + seen.numTodoTests,
      failures: seen.testResults.flatMap(failuresOf),
    };
  } catch {
    return failed('it left no report');
  }
}

function failuresOf({ name, status, message, assertionResults }: Report['testResults'][number]): string[] {
  const wrong = assertionResults.filter((test) => test.status === 'failed');
  // A file that could not be read has no tests to fail.
  if (wrong.length === 0 && status === 'failed') return [told(name, message)];
  return wrong.map(({ fullName, failureMessages: [first = ''] }) => told(fullName, first));
}

/** What a program said stands in the message, its last words where it ended; of the stack, the log above has all. */
function told(title: string, message: string): string {
  const lines = message.split('\n').filter((line) => !/^\s+at /.test(line));
  const short =
    lines.length <= 2 * MESSAGE_LINES ? lines : [...lines.slice(0, MESSAGE_LINES), '…', ...lines.slice(-MESSAGE_LINES)];
  return [title, ...short.map((line) => `  ${line.slice(0, MESSAGE_COLUMNS)}`)].join('\n    ');
}
