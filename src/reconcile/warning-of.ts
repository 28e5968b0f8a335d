import type { DisklessError } from '../errors.js';
import type { RunEventBody } from '../runner/events.js';

/** What keeps a node out, for a person, where none of its steps will say it. */
export function warningOf(node: string, { code, message, hint }: DisklessError): RunEventBody {
  return { type: 'note', level: 'warning', code, node, message, ...(hint && { hint }) };
}
