import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../src/errors.js';
import { codeOnly, enclosing, parts, texts } from './source-scan.js';

/** One place of the sources that makes an error, a finding of preflight or a note. */
export interface ErrorPlace {
  code: string;
  /** The exit code it gives a run that it ends; undefined where it ends none, or whoever gets it says. */
  exit: number | undefined;
  message: string;
  hint: string;
}

const CODE = /\bcode: '(?<code>[a-z0-9-]+)'/g;
const FINDING = /(?<![\w.])(?<kind>error|warning)\(\s*'(?<code>[a-z0-9-]+)',/g;

/** All of them, in the order of their codes. */
export function errorPlaces(): ErrorPlace[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files
    .flatMap((name) => placesIn(readFileSync(join('src', name), 'utf8')))
    .toSorted((a, b) => compare(a.code, b.code) || compare(a.message, b.message));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

export function placesIn(source: string): ErrorPlace[] {
  const code = codeOnly(source);
  const objects = [...source.matchAll(CODE)].flatMap(({ index, groups }) => {
    if (code.slice(index, index + 5) !== 'code:') return [];
    const object = enclosing(code, index);
    if (object === undefined || code[object.begin] !== '{') return [];
    const keys = keysOf(parts(source, code, object));
    const message = said(keys.get('message'), 'message', source.slice(0, index));
    if (message === '') return [];
    const hint = said(keys.get('hint'), 'hint', source.slice(0, index));
    return [{ code: groups?.code ?? '', exit: exitOf(source.slice(0, object.begin), keys), message, hint }];
  });
  return [...objects, ...findingsIn(source, code)];
}

function findingsIn(source: string, code: string): ErrorPlace[] {
  return [...source.matchAll(FINDING)].flatMap(({ index, groups }) => {
    if (code[index] === ' ') return [];
    const call = enclosing(code, index + (groups?.kind?.length ?? 0) + 1);
    if (call === undefined) return [];
    const [, message = '', hint = ''] = parts(source, code, call);
    const before = source.slice(0, index);
    const exit = groups?.kind === 'error' ? EXIT.partial : undefined;
    return [
      { code: groups?.code ?? '', exit, message: said(message, message, before), hint: said(hint, hint, before) },
    ];
  });
}

/** `key: value` and `key` of an object, also of one that is spread in on a condition. */
function keysOf(entries: readonly string[]): Map<string, string> {
  return new Map(
    entries.flatMap((entry) => {
      const [, spread] = /^\.\.\.\(.*?&& \{ (?<inner>[\s\S]*) \}\)$/.exec(entry) ?? [];
      const [, key, value = key] = /^(\w+)(?::\s*([\s\S]*))?$/.exec(spread ?? entry) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** A name stands for what was last given to it above. */
function said(expression: string | undefined, name: string, before: string): string {
  if (expression === undefined) return '';
  const literal = texts(expression);
  if (literal.length > 0) return literal.join(' / ');
  const given = [
    ...before.matchAll(new RegExp(`const ${/^\w+$/.test(name) ? name : '\\b'} =([\\s\\S]*?);\\n`, 'g')),
  ].at(-1);
  return texts(given?.[1] ?? '').join(' / ');
}

function exitOf(before: string, keys: ReadonlyMap<string, string>): number | undefined {
  const [, named] = /^EXIT\.(\w+)$/.exec(keys.get('exit') ?? '') ?? [];
  if (named !== undefined) return EXIT[named as keyof typeof EXIT];
  const [, callee] = /(\w+)\(\s*$/.exec(before) ?? [];
  if (callee === 'usageError') return EXIT.usage;
  if (callee === 'refusal') return EXIT.refused;
  return callee === 'DisklessError' ? EXIT.failed : undefined;
}
