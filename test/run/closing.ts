import { type Counts, sum } from './counts.js';
import type { Result } from './run-layers.js';

export interface Closing {
  text: string;
  /** Whatever is skipped is not shown to work. */
  exit: number;
}

/** The end of a log: each layer, what failed in it, and one line for all. */
export function closing(results: readonly Result[], notes: readonly string[] = []): Closing {
  const lines = results.flatMap(({ layer, counts }) => [
    `${mark(counts).padEnd(7)} ${layer.title}: ${counts.passed} passed, ${counts.failed} failed${skippedOf(counts)}`,
    ...counts.failures.map((failure) => `    ${failure}`),
  ]);
  const total = sum(results.map(({ counts }) => counts));
  lines.push(...notes, `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return { text: `\n${lines.join('\n')}\n`, exit: isGreen(total) ? 0 : 1 };
}

export function isGreen({ failed, skipped }: Pick<Counts, 'failed' | 'skipped'>): boolean {
  return failed === 0 && skipped === 0;
}

const mark = (counts: Counts): string => (isGreen(counts) ? 'ok' : 'FAILED');
const skippedOf = ({ skipped }: Counts): string => (skipped > 0 ? `, ${skipped} skipped` : '');
