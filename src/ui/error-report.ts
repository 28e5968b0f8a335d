import type { DisklessError } from '../errors.js';
import { type Group, groupBy } from './group-by.js';
import { PLAIN, type Style } from './style.js';
import { harmless, wrap } from './text-table.js';
import { count, namesOrCount } from './units.js';

export interface ErrorReportOptions {
  errors: readonly DisklessError[];
  width: number;
  style?: Style;
  /** Shows every machine's answer and the chain of causes. */
  verbose?: boolean;
  /** What a step is called. */
  stepTitle?: (step: string) => string;
}

const INDENT = '    ';
const DETAIL_INDENT = '      ';
/** The end of a long answer tells most. */
const DETAIL_LINES = 20;

/** Errors with an equal cause together: `12 hosts: …`, then what to do and what the machine answered. */
export function errorReport(options: ErrorReportOptions): string[] {
  return groupBy(options.errors, causeKey).flatMap((group, at) => [
    ...(at > 0 ? [''] : []),
    ...groupLines(group, options),
  ]);
}

/** What is equal once each host's own name is taken out. For display only: no decision hangs on it. */
function causeKey(error: DisklessError): string {
  const { code, step = '', message, hint = '' } = error;
  return [code, step, anonymous(message, error), anonymous(hint, error)].join('\n');
}

/** The text with the host's own name taken out, so that twelve hosts say the same. */
export function anonymous(text: string, { host }: DisklessError): string {
  const tokens = text.split(/([^\w.-]+)/);
  return tokens.map((token) => (token === host ? '<host>' : token)).join('');
}

function groupLines(group: Group<DisklessError>, options: ErrorReportOptions): string[] {
  const { width, style = PLAIN, verbose = false, stepTitle = (step) => step } = options;
  const [first] = group;
  const hosts = hostsOf(group);
  const several = group.length > 1;
  const place = [namesOrCount(hosts, 'host'), first.step === undefined ? '' : stepTitle(first.step)];
  const message = several ? anonymous(first.message, first) : first.message;
  const headline = [...place, harmless(message)].filter((part) => part !== '').join(': ');
  const [head = '', ...rest] = wrap(headline, { width: width - 2 });
  const names = hosts.length > 3 ? wrap(hosts.join(' '), { width, indent: INDENT }) : [];
  return [
    style.red(`✖ ${head}`),
    ...rest.map((line) => style.red(`  ${line}`)),
    ...names,
    ...answers(group, { width, verbose }).map((line) => style.dim(line)),
    ...hintLines(several ? anonymous(first.hint ?? '', first) : first.hint, width),
    ...(verbose
      ? [...new Set(group.flatMap((error) => causeTexts(error)))].flatMap((text) => causeLines(text, width))
      : []),
  ];
}

/** s4, s11: by number, as people count. */
function hostsOf(group: readonly DisklessError[]): string[] {
  const hosts = group.flatMap(({ host }) => host ?? []);
  return hosts.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function hintLines(hint: string | undefined, width: number): string[] {
  return hint ? wrap(`hint: ${hint}`, { width, indent: INDENT }) : [];
}

/** What the machines answered: each different answer once, or only the first of them. */
function answers(group: Group<DisklessError>, { width, verbose }: { width: number; verbose: boolean }): string[] {
  const answered = group.filter(({ detail }) => detail);
  const all = groupBy(answered, ({ detail = '' }) => detail);
  const shown = verbose ? all : all.slice(0, 1);
  const more = all.length - shown.length;
  return [
    ...shown.flatMap((equal) => answer(equal, { width, verbose, named: all.length > 1 })),
    ...(more > 0 ? [`${INDENT}${count(more, 'other answer')} with --verbose`] : []),
  ];
}

interface AnswerOptions {
  width: number;
  verbose: boolean;
  /** Say whose answer it is. */
  named: boolean;
}

function answer(equal: Group<DisklessError>, { width, verbose, named }: AnswerOptions): string[] {
  const { detail = '' } = equal[0];
  const hosts = named ? hostsOf(equal) : [];
  const lines = wrap(harmless(detail).trimEnd(), { width, indent: DETAIL_INDENT });
  const shown = verbose ? lines : lines.slice(-DETAIL_LINES);
  const omitted = lines.length - shown.length;
  return [
    ...(hosts.length > 0 ? [`${INDENT}${namesOrCount(hosts, 'host')} answered:`] : []),
    ...(omitted > 0 ? [`${DETAIL_INDENT}… ${count(omitted, 'line')} before`] : []),
    ...shown,
  ];
}

/** The chain of causes as one text, so that equal ones can be told once. */
function causeTexts(error: DisklessError): string[] {
  const chain: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    chain.push(`caused by: ${cause.stack ?? cause.message}`);
  }
  return chain.length === 0 ? [] : [chain.join('\n')];
}

function causeLines(text: string, width: number): string[] {
  return wrap(harmless(text), { width, indent: INDENT });
}
