/* TypeScript's text, as far as the generated pages need it: which brackets belong together, and what a literal says. */

/** The same text with the insides of comments and literals blanked out, so that brackets and commas are the code's. */
export function codeOnly(source: string): string {
  const pattern =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.|\$(?!\{)|\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})*`/g;
  return source.replace(pattern, (found) => ' '.repeat(found.length));
}

/** The text between the bracket that encloses `index` and its partner, with where it begins. */
export function enclosing(code: string, index: number): { begin: number; end: number } | undefined {
  let depth = 0;
  for (let begin = index; begin >= 0; begin -= 1) {
    if (isClosing(code[begin])) depth += 1;
    if (isOpening(code[begin]) && --depth < 0) return { begin, end: partnerOf(code, begin) };
  }
  return undefined;
}

function partnerOf(code: string, begin: number): number {
  let depth = 0;
  for (let end = begin; end < code.length; end += 1) {
    if (isOpening(code[end])) depth += 1;
    if (isClosing(code[end]) && --depth === 0) return end;
  }
  return code.length;
}

const isOpening = (char: string | undefined): boolean => char === '(' || char === '{' || char === '[';
const isClosing = (char: string | undefined): boolean => char === ')' || char === '}' || char === ']';

/** What stands between the brackets, split at its own commas. */
export function parts(source: string, code: string, { begin, end }: { begin: number; end: number }): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = begin + 1;
  for (let at = begin + 1; at < end; at += 1) {
    if (isOpening(code[at])) depth += 1;
    if (isClosing(code[at])) depth -= 1;
    if (code[at] !== ',' || depth > 0) continue;
    found.push(source.slice(from, at).trim());
    from = at + 1;
  }
  return [...found, source.slice(from, end).trim()].filter(Boolean);
}

/** Every text that an expression may give, with `…` for what is filled in. */
export function texts(expression: string): string[] {
  const literals = filled(expression).matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g);
  return [...literals].map(([, single, double, template]) =>
    (single ?? double ?? template ?? '').replaceAll(/\\(.)/g, '$1').replaceAll(/\s+/g, ' '),
  );
}

/** Innermost first: what is filled in may hold texts of its own. */
function filled(expression: string): string {
  const plain = expression.replaceAll(/\$\{[^{}]*\}/g, '…');
  const next = plain === expression ? plain.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…') : plain;
  return next === expression ? expression : filled(next);
}
