import type { OperatorRun } from './operator-run.js';

/** One step of one node: when it began and ended, milliseconds since the first SSH packet. */
export interface Span {
  step: string;
  node: string;
  beganMs: number;
  endedMs: number;
}

export interface Sample {
  /** From the first connect to the end of verification: all nodes Ready, and asked. */
  totalMs: number;
  /** From the first connect until the last node was Ready; control planes may still be starting then. */
  nodesReadyMs: number;
  /** One-minute load average before the run: the machine may be shared. */
  loadBefore: number;
  /** Of the operator process. */
  cpuSeconds: number;
  peakMiB: number;
  /** Compressed bytes to the control plane that got most. */
  bytesToControlPlane: number;
  spans: Span[];
}

export function sampleOf({ events, cpuSeconds, peakMiB }: OperatorRun, loadBefore: number): Sample {
  const origin = events.find((event) => event.type === 'step-started' && event.step === 'connect')?.ms;
  const end = events.findLast((event) => event.type === 'step-finished' && event.step === 'verify')?.ms;
  const finished = events.findLast((event) => event.type === 'run-finished');
  if (origin === undefined || end === undefined || finished?.type !== 'run-finished') {
    throw new Error('the run has no connect, no verify step or no end');
  }
  const spans = events.flatMap((event): Span[] => {
    if (event.type !== 'step-finished' || event.durationMs < 1) return [];
    const endedMs = tenths(event.ms - origin);
    return [{ step: event.step, node: event.node ?? '', beganMs: tenths(endedMs - event.durationMs), endedMs }];
  });
  const controlPlanes = finished.nodes.filter(({ role }) => role === 'control-plane');
  const bytesToControlPlane = Math.max(...controlPlanes.map(({ bytesSent }) => bytesSent));
  const lastReady = events.findLast((event) => event.type === 'step-finished' && event.step === 'ready')?.ms ?? end;
  const nodesReadyMs = tenths(lastReady - origin);
  return { totalMs: tenths(end - origin), nodesReadyMs, loadBefore, cpuSeconds, peakMiB, bytesToControlPlane, spans };
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

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
