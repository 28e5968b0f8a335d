import { PLAIN, type Style } from '../ui/style.js';
import { harmless, wrap } from '../ui/text-table.js';
import { count } from '../ui/units.js';
import type { CheckResult, DoctorReport, Failure } from './report.js';

export interface DoctorViewOptions {
  report: DoctorReport;
  width: number;
  style?: Style;
}

/** A broken switch breaks all ways at once: so many are shown, the rest is in the JSON form. */
const MOST_FAILURES = 12;

/** One line for each check; below it what failed, why that matters, and what to do. */
export function doctorLines({ report, width, style = PLAIN }: DoctorViewOptions): string[] {
  const { cluster, kubernetes, nodes, checks } = report;
  const failed = checks.filter(({ failures }) => failures.length > 0);
  const between = nodes.length === 0 ? 'no traffic was sent' : `traffic was sent between ${nodes.join(', ')}`;
  const verdict =
    failed.length === 0
      ? style.green(style.bold('✔ nothing is wrong as far as was asked'))
      : style.red(style.bold(`✖ ${count(failed.length, 'check')} of ${checks.length} failed`));
  return [
    ...wrap(`cluster ${cluster}: Kubernetes ${kubernetes}; ${between}`, { width }),
    ...checks.flatMap((check) => checkLines(check, width, style)),
    '',
    verdict,
  ];
}

function checkLines(check: CheckResult, width: number, style: Style): string[] {
  const { id, asks, asked, failures, notAsked, reason, remedy } = check;
  if (failures.length === 0 && notAsked !== undefined)
    return wrap(`- ${id}: not asked: ${harmless(notAsked)}`, { width }).map(style.dim);
  if (failures.length === 0) return wrap(`✔ ${id}: ${asks} (${asked})`, { width }).map(style.green);
  const shown = failures.slice(0, MOST_FAILURES);
  const rest = failures.length - shown.length;
  return [
    ...wrap(`✖ ${id}: ${failures.length} of ${asked}: ${asks}`, { width }).map(style.red),
    ...shown.flatMap((each) => wrap(failureText(each), { width, indent: '    ' })),
    ...(rest > 0 ? [`    and ${rest} more (--output json shows all)`] : []),
    ...wrap(`reason: ${reason}`, { width, indent: '    ' }),
    ...wrap(`remedy: ${remedy}`, { width, indent: '    ' }),
  ];
}

function failureText({ from, to, what, why }: Failure): string {
  const pair = [from, to].filter((name) => name !== undefined).join(' → ');
  return harmless([pair, what, why].filter((part) => part !== '').join(': '));
}
