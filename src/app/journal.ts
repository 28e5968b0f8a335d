import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { DisklessError } from '../errors.js';
import type { EventSink } from '../runner/events.js';

/**
 * Keeps a run's events. Written at once, so that a killed run leaves all it did; how many bytes went over the wire at
 * which moment is only for watching.
 */
export function journal(runDirectory: string): EventSink {
  const file = join(runDirectory, 'events.ndjson');
  return (event) => {
    if (event.type === 'progress') return;
    try {
      appendFileSync(file, `${JSON.stringify(event)}\n`, { mode: 0o600 });
    } catch (cause) {
      throw journalLost(file, cause);
    }
  };
}

function journalLost(file: string, cause: unknown): DisklessError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `this run is no longer written down: ${reason}`;
  return new DisklessError({ code: 'journal-lost', message, hint: `make room for ${file}`, cause });
}
