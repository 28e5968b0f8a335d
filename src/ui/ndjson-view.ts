import type { RunEvent } from '../runner/events.js';
import type { View } from './view.js';

/** `--output json`: one event per line, as it happens. Errors bring their own JSON form. */
export function createNdjsonView({ write }: { write: (text: string) => void }): View {
  const view = (event: RunEvent): void => write(`${JSON.stringify(event)}\n`);
  return Object.assign(view, { end: async () => undefined });
}
