import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventSink } from '../runner/events.js';

/**
 * Keeps a run's events. Written at once, so that a killed run leaves all it did; how many bytes went over the wire at
 * which moment is only for watching.
 */
export function journal(runDirectory: string): EventSink {
  const file = join(runDirectory, 'events.ndjson');
  return (event) => {
    if (event.type !== 'progress') appendFileSync(file, `${JSON.stringify(event)}\n`, { mode: 0o600 });
  };
}
