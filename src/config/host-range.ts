/** A problem inside an expression; `position` counts characters from 0. */
export interface ExpressionProblem {
  position: number;
  message: string;
  hint?: string;
}

export type Expansion = { texts: string[] } | { problem: ExpressionProblem };

type Part = string | string[];

/** Beyond Kubernetes' own limit of 5000 nodes a range is a typing error. */
const MOST_HOSTS = 5000;
const BRACKET = /\[([^\]]*)\]/g;
const RANGE = /^(\d+)(?:-(\d+))?$/;

/**
 * Expands every `[…]` of a template: `s[4-6]`, `s[04-12]` (keeps the width), `s[1,4-6]`, `rack[1-2]-s[1-3]` (all
 * combinations, the last bracket counting fastest).
 *
 * @param offset Position of the template in the whole expression, for problems.
 */
export function expandRanges(template: string, offset: number): Expansion {
  const parts: Part[] = [];
  let end = 0;
  let total = 1;
  for (const match of template.matchAll(BRACKET)) {
    const position = offset + match.index;
    const numbers = expandBracket(match[1] ?? '', position);
    if ('problem' in numbers) return numbers;
    total *= numbers.texts.length;
    if (total > MOST_HOSTS) return tooMany(position);
    parts.push(template.slice(end, match.index), numbers.texts);
    end = match.index + match[0].length;
  }
  parts.push(template.slice(end));
  return { texts: combine(parts) };
}

function expandBracket(content: string, position: number): Expansion {
  const texts: string[] = [];
  for (const item of content.split(',')) {
    const range = expandRange(item, position);
    if ('problem' in range) return range;
    texts.push(...range.texts);
    if (texts.length > MOST_HOSTS) return tooMany(position);
  }
  return { texts };
}

function expandRange(item: string, position: number): Expansion {
  const [, first, last = first] = RANGE.exec(item) ?? [];
  if (first === undefined || last === undefined) {
    const message = `${JSON.stringify(item)} is not a range of numbers`;
    return { problem: { position, message, hint: 'a range looks like s[4-6], s[04-12] or s[1,4-6]' } };
  }
  const [from, to] = [Number(first), Number(last)];
  if (from > to) {
    const message = `the range ${item} runs backwards`;
    return { problem: { position, message, hint: `did you mean [${last}-${first}]?` } };
  }
  if (to - from >= MOST_HOSTS) return tooMany(position);
  const width = first.startsWith('0') ? first.length : 0;
  return { texts: Array.from({ length: to - from + 1 }, (_, step) => String(from + step).padStart(width, '0')) };
}

function tooMany(position: number): Expansion {
  return { problem: { position, message: `the range makes more than ${MOST_HOSTS} hosts` } };
}

function combine(parts: readonly Part[]): string[] {
  return parts.reduce<string[]>(
    (heads, part) => heads.flatMap((head) => (typeof part === 'string' ? [part] : part).map((tail) => head + tail)),
    [''],
  );
}
