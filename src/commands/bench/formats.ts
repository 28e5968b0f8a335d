import type { GateFormat } from '../../bench/report/gate-report.js';

/* What reports can be written as; each is also the ending of a file that says so by its name. */

export const REPORT_FORMATS = ['terminal', 'csv', 'md', 'html', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export const COMPARE_FORMATS = ['terminal', 'md', 'html', 'json'] as const;
export type CompareFormat = (typeof COMPARE_FORMATS)[number];

export const GATE_FORMATS = ['terminal', 'md', 'json'] as const satisfies readonly GateFormat[];
