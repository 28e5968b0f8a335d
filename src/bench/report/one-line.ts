import { harmless } from '../../ui/text-table.js';

/** What other machines wrote, as text that neither moves a cursor nor breaks a table. */
export function oneLine(text: string): string {
  return harmless(text).replaceAll('\n', ' ');
}
