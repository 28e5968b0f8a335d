import { refusal } from '../../errors.js';
import { drift } from '../record/fingerprint.js';
import type { RunRecord } from '../record/record-schema.js';

const DIFFERENCES_TOLD = 20;

/** What differs between two runs beside what is compared, one line each. */
export function driftLines(a: RunRecord, b: RunRecord): string[] {
  return drift(a.fingerprint, b.fingerprint).map(({ field, ...values }) => `${field}: ${values.a} → ${values.b}`);
}

/** @throws refusal (exit 5) when the runs were not made under equal conditions: only a person knows whether it matters */
export function refuseDrift(a: RunRecord, b: RunRecord): void {
  const lines = driftLines(a, b);
  if (lines.length === 0) return;
  const more = lines.length - DIFFERENCES_TOLD;
  throw refusal({
    code: 'runs-drifted',
    message: `the runs ${a.id} and ${b.id} were made under different conditions`,
    detail: [...lines.slice(0, DIFFERENCES_TOLD), ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'),
    hint: 'compare them nevertheless with --allow-drift: then it is these differences that are compared',
  });
}
