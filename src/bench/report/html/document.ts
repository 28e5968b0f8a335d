import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageFile } from '../../../package-files.js';
import { escapeText } from '../../../web/escape-text.js';
import { element } from '../svg/element.js';

const STYLE = fileURLToPath(packageFile('bench/report.css'));

export interface DocumentOptions {
  title: string;
  /** Version of k8s-diskless that measured. */
  version: string;
  /** Markup. */
  header: string;
  /** Markup; empty parts are left out. */
  sections: readonly string[];
  /** Plain text, a paragraph each. */
  notes: readonly string[];
}

/** One file that holds everything it shows: it opens offline, and years later. */
export function htmlDocument({ title, version, header, sections, notes }: DocumentOptions): string {
  const footer = element('footer', {}, [
    element('h2', {}, ['How to read this']),
    ...notes.map((note) => element('p', {}, [escapeText(note)])),
  ]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="k8s-diskless ${escapeText(version)}">
<title>${escapeText(title)}</title>
<style>
${readFileSync(STYLE, 'utf8')}</style>
</head>
<body>
${header}
<main>
${sections.filter((part) => part !== '').join('\n')}
</main>
${footer}
</body>
</html>
`;
}
