import { escapeText } from '../../../web/escape-text.js';
import { element } from '../svg/element.js';
import { isFigureColumn, type ReportTable } from '../tables/table.js';

export interface Section {
  id: string;
  title: string;
  /** Markup. */
  body: readonly string[];
}

export function section({ id, title, body }: Section): string {
  return element('section', { id, 'aria-labelledby': `${id}-title` }, [
    element('h2', { id: `${id}-title` }, [escapeText(title)]),
    ...body.filter((part) => part !== ''),
  ]);
}

export interface FigureOptions {
  title: string;
  /** One sentence that says what the drawing shows. */
  caption: string;
  /** Markup. */
  drawing: string;
  /** The same as figures, for those who want them exactly or cannot see the drawing. */
  table?: ReportTable | undefined;
}

export function figure({ title, caption, drawing, table }: FigureOptions): string {
  return element('figure', {}, [
    element('figcaption', {}, [
      element('strong', {}, [escapeText(title)]),
      ...(caption === '' ? [] : [' ', element('span', {}, [escapeText(caption)])]),
    ]),
    drawing,
    ...(table === undefined ? [] : [folded(table)]),
  ]);
}

/** A table behind a line that opens it. */
export function folded(table: ReportTable): string {
  return element('details', {}, [element('summary', {}, [`Table: ${escapeText(table.title)}`]), htmlTable(table)]);
}

/** Scrolls sideways by itself where the page is too narrow. */
export function htmlTable({ title, note, columns, rows }: ReportTable): string {
  const names = columns.map((_, index) => (index === 0 || isFigureColumn(rows, index) ? undefined : 'word'));
  const heads = columns.map((column, index) =>
    element('th', { scope: 'col', class: names[index] }, [escapeText(column)]),
  );
  const lines = rows.map(([name = '', ...cells]) =>
    element('tr', {}, [
      element('th', { scope: 'row' }, [escapeText(name)]),
      ...cells.map((cell, index) => element('td', { class: names[index + 1] }, [escapeText(cell)])),
    ]),
  );
  return element('div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': title }, [
    element('table', {}, [
      element('caption', {}, [
        escapeText(title),
        ...(note === '' ? [] : [' ', element('span', {}, [escapeText(note)])]),
      ]),
      element('thead', {}, [element('tr', {}, heads)]),
      element('tbody', {}, lines),
    ]),
  ]);
}

export function paragraph(text: string, name?: string): string {
  return element('p', { class: name }, [escapeText(text)]);
}

/** Swatches with their names; the drawing itself is not the place for them on a narrow page. */
export function legend(entries: readonly { class: string; name: string; figure?: string }[]): string {
  const items = entries.map(({ class: mark, name, figure: text }) =>
    element('li', {}, [
      element('span', { class: `swatch ${mark}`, 'aria-hidden': 'true' }),
      escapeText(name),
      ...(text === undefined ? [] : [' ', element('b', {}, [escapeText(text)])]),
    ]),
  );
  return element('ul', { class: 'legend' }, items);
}
