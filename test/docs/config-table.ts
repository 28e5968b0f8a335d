import { z } from 'zod';
import { isSetting, oneOf, type Section, type Setting } from '../../src/config/setting.js';

/** The settings of docs/config.md: a table below each heading. */
export function configTable(section: Section): string {
  return rowsOf(section, '').join('\n');
}

const HEAD = ['', '| key | type | default | description |', '|---|---|---|---|'];

function rowsOf(section: Section, above: string): string[] {
  return Object.entries(section).flatMap(([key, entry]) => {
    const path = above + key;
    if (!isSetting(entry)) return rowsOf(entry, `${path}.`);
    const { heading, items } = entry;
    const begin = heading === undefined ? [] : ['', `### ${heading}`, ...HEAD];
    return [...begin, row(path, entry), ...(items ? rowsOf(items, `${path}[].`) : [])];
  });
}

function row(path: string, entry: Setting): string {
  const { text, type = typeOf(entry.is), required } = entry;
  const named = required && !type.includes('required') ? `${type}, required` : type;
  return `| \`${path}\` | ${named} | ${defaultOf(entry)} | ${text} |`;
}

function defaultOf({ byDefault, shown, chosen, otherwise }: Setting): string {
  const value = typeof byDefault === 'object' ? undefined : byDefault?.toString();
  return shown ?? value ?? chosen ?? otherwise ?? '';
}

/** As its shape says it. */
function typeOf(is: z.ZodType): string {
  const title = is.meta()?.title;
  if (title !== undefined) return title;
  if (is instanceof z.ZodEnum) return oneOf(is.options.map(String));
  if (is instanceof z.ZodBoolean) return 'boolean';
  if (is instanceof z.ZodNumber) return rangeOf(is);
  throw new TypeError('a setting without a type: give its values a title');
}

function rangeOf({ minValue, maxValue }: z.ZodNumber): string {
  const open = maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER;
  return open ? `integer, at least ${minValue}` : `${minValue}–${maxValue}`;
}
