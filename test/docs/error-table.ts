import { groupBy } from '../../src/ui/group-by.js';
import { type ErrorPlace, errorPlaces } from './error-codes.js';

/** The table of docs/errors.md: a row for each code, with all that it may say. */
export function errorTable(): string {
  const byCode = groupBy(errorPlaces(), ({ code }) => code);
  const rows = byCode.map((places) => {
    const exits = each(places.map(({ exit }) => exit?.toString() ?? ''));
    return `| \`${places[0].code}\` | ${exits.join(', ')} | ${cell(places, 'message')} | ${cell(places, 'hint')} |`;
  });
  return ['', '| code | exit | what it says | what to do |', '|---|---|---|---|', ...rows].join('\n');
}

function cell(places: readonly ErrorPlace[], key: 'message' | 'hint'): string {
  return each(places.map((place) => place[key]))
    .map((text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;'))
    .join('<br>');
}

const each = (values: readonly string[]): string[] => [...new Set(values.filter(Boolean))];
