export interface Refusal {
  code: 'refused';
  reason: RefusalReason;
  message: string;
  hint: string;
}

export type RefusalReason =
  | 'unknown-data'
  | 'foreign-data'
  | 'future-data'
  | 'no-majority'
  | 'quorum-lost'
  | 'may-hold-data';

export function refused(reason: RefusalReason, message: string, hint: string): Refusal {
  return { code: 'refused', reason, message, hint };
}
