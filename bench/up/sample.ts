import type { RunEvent } from '../../src/runner/events.js';

/** One step of one node: when it began and ended, milliseconds since the first SSH packet. */
export interface Span {
  step: string;
  node: string;
  beganMs: number;
  endedMs: number;
}

export interface Sample {
  /** From the first connect to the end of verification. */
  totalMs: number;
  /** One-minute load average before the run: this machine is shared. */
  loadBefore: number;
  spans: Span[];
}

export function sampleOf(events: readonly RunEvent[], loadBefore: number): Sample {
  const origin = events.find((event) => event.type === 'step-started' && event.step === 'connect')?.ms;
  const end = events.findLast((event) => event.type === 'step-finished' && event.step === 'verify')?.ms;
  if (origin === undefined || end === undefined) throw new Error('the run has no connect or no verify step');
  const spans = events.flatMap((event): Span[] => {
    if (event.type !== 'step-finished' || event.durationMs < 1) return [];
    const endedMs = event.ms - origin;
    return [{ step: event.step, node: event.node ?? '', beganMs: endedMs - event.durationMs, endedMs }];
  });
  return { totalMs: end - origin, loadBefore, spans };
}

const WIDTH = 60;

/** The run as text: a bar per node and step. */
export function waterfall({ totalMs, spans }: Sample): string {
  const scale = WIDTH / totalMs;
  const rows = spans
    .toSorted((a, b) => a.beganMs - b.beganMs)
    .map(({ step, node, beganMs, endedMs }) => {
      const before = ' '.repeat(Math.round(beganMs * scale));
      const bar = '█'.repeat(Math.max(1, Math.round((endedMs - beganMs) * scale)));
      const times = `${(beganMs / 1000).toFixed(2)}–${(endedMs / 1000).toFixed(2)} s`;
      return `${node.padEnd(4)} ${step.padEnd(12)} ${(before + bar).padEnd(WIDTH + 1)} ${times}`;
    });
  return rows.join('\n');
}
