import type { BootEventBody, Transfer } from './boot-events.js';

type Finished = Extract<BootEventBody, { type: 'transfer-finished' }>;

export interface TransferReportOptions {
  transfer: Transfer;
  /** Of the body that is to be sent. */
  bytes: number;
  emit: (event: BootEventBody) => void;
  monotonicMs: () => number;
}

/** Tells of one answer from its first byte to its end. */
export interface TransferReport {
  started: () => void;
  /** @param count bytes so far */
  sent: (count: number) => void;
  finished: (end: Pick<Finished, 'outcome' | 'status' | 'reason'>) => void;
}

/** How often a transfer says how far it is. */
const PROGRESS_EVERY_MS = 250;

export function createTransferReport({ transfer, bytes, emit, monotonicMs }: TransferReportOptions): TransferReport {
  const startedMs = monotonicMs();
  let toldMs = startedMs;
  let sent = 0;
  return {
    started: () => emit({ type: 'transfer-started', ...transfer, bytes }),
    sent(count) {
      sent = count;
      if (monotonicMs() - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = monotonicMs();
      emit({ type: 'transfer-progress', ...transfer, sent, bytes });
    },
    finished(end) {
      const durationMs = Math.round(monotonicMs() - startedMs);
      emit({ type: 'transfer-finished', ...transfer, ...end, sent, bytes, durationMs });
    },
  };
}
