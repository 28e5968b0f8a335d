import { type DisklessError, usageError } from '../errors.js';
import { type HostEntry, type HostItem, isProblem, parseHostItem } from './host-item.js';
import type { ExpressionProblem } from './host-range.js';

export interface ParsedHosts {
  hosts: HostEntry[];
  problems: ExpressionProblem[];
}

/**
 * Reads `s4,s5`, `s[4-6]`, `name=address`, `user@host:port`, `name=user@[fd00::4]:22`, `s[4-6]=10.0.0.[4-6]`. Without
 * `name=` the host is the node's name. Everything wrong is reported at once, at most one problem per host.
 */
export function parseHosts(expression: string): ParsedHosts {
  const { items, problems } = splitItems(expression);
  const hosts: HostEntry[] = [];
  const seen = new Set<string>();
  for (const item of items) {
    const parsed = parseHostItem(item);
    if (isProblem(parsed)) {
      problems.push(parsed);
      continue;
    }
    for (const host of parsed) {
      if (seen.has(host.name)) problems.push({ position: item.position, message: `${host.name} is named twice` });
      else hosts.push(host);
      seen.add(host.name);
    }
  }
  return { hosts, problems: problems.sort((a, b) => a.position - b.position) };
}

/** The hosts of a command line flag. @throws usage error that shows the places in the expression */
export function hostsOfFlag(flag: string, expression: string): HostEntry[] {
  const { hosts, problems } = parseHosts(expression);
  if (problems.length > 0) throw expressionError(flag, expression, problems);
  return hosts;
}

/** Plain node names, ranges allowed: what `--control-plane` and the like take. */
export function namesOfFlag(flag: string, expression: string): string[] {
  const hosts = hostsOfFlag(flag, expression);
  const problems = hosts
    .filter(({ bare }) => !bare)
    .map(({ position }) => ({ position, message: 'only a node name is expected here, no address, user or port' }));
  if (problems.length > 0) throw expressionError(flag, expression, problems);
  return hosts.map(({ name }) => name);
}

function expressionError(flag: string, expression: string, problems: readonly ExpressionProblem[]): DisklessError {
  const last = Math.max(...problems.map(({ position }) => position));
  const marks = Array.from({ length: last + 1 }, (_, at) => (problems.some((p) => p.position === at) ? '^' : ' '));
  const lines = problems.map(({ position, message, hint }) =>
    [`position ${position + 1}: ${message}`, ...(hint === undefined ? [] : [hint])].join('; '),
  );
  const [only] = lines.length === 1 ? lines : [];
  return usageError({
    code: 'host-expression',
    message: `${flag}: ${only ?? `${problems.length} problems`}`,
    detail: [expression, marks.join(''), ...(only === undefined ? lines : [])].join('\n'),
    hint: `for example ${flag} s4,s5,s6 or ${flag} 's[4-6]'`,
  });
}

/** Splits at commas outside brackets. */
function splitItems(expression: string): { items: HostItem[]; problems: ExpressionProblem[] } {
  const items: HostItem[] = [];
  const problems: ExpressionProblem[] = [];
  let start = 0;
  let open = -1;
  for (let at = 0; at <= expression.length; at++) {
    const character = expression[at] ?? ',';
    if (character === '[' && open < 0) open = at;
    else if (character === ']') open = -1;
    else if (character === ',' && (open < 0 || at === expression.length)) {
      if (open >= 0) problems.push({ position: open, message: 'the bracket is not closed' });
      else items.push(trimmed(expression.slice(start, at), start));
      start = at + 1;
    }
  }
  return { items, problems };
}

function trimmed(text: string, start: number): HostItem {
  return { text: text.trim(), position: start + (text.trim() === '' ? 0 : text.search(/\S/)) };
}
