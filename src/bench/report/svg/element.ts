import { escapeText } from '../../../web/escape-text.js';

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element as text. Attributes are escaped here; children are markup already, text among them through `escapeText`. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapeText(typeof value === 'number' ? rounded(value) : value)}"`],
  );
  return children.length === 0 && !NEVER_EMPTY.has(name)
    ? `<${name}${written.join('')}/>`
    : `<${name}${written.join('')}>${children.join('')}</${name}>`;
}

/** HTML reads `<div/>` as an opening tag. */
const NEVER_EMPTY = new Set(['div', 'span', 'td', 'th', 'p', 'li', 'ul', 'section', 'figure', 'dd']);

/** Hundredths of a pixel: equal figures make equal files. */
function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export interface TextOptions {
  x: number;
  y: number;
  class?: string;
  anchor?: 'start' | 'middle' | 'end';
}

export function svgText(text: string, { x, y, class: name, anchor }: TextOptions): string {
  return element('text', { x, y, class: name, 'text-anchor': anchor }, [escapeText(text)]);
}

/** What the pointer shows, and what a screen reader says of one mark. */
export function titled(name: string, attributes: Attributes, title: string): string {
  return element(name, attributes, [element('title', {}, [escapeText(title)])]);
}

export interface DrawingOptions {
  width: number;
  height: number;
  /** What the drawing shows, for those who cannot see it. */
  label: string;
  class?: string;
}

export function drawing({ width, height, label, class: name }: DrawingOptions, marks: readonly string[]): string {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, class: name };
  return element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...attributes }, marks);
}
