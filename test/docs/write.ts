import { writeFileSync } from 'node:fs';
import { PAGES, pageText } from './pages.js';

/* `npm run docs`: brings the pages below docs/ that follow from the code up to date. */

for (const page of PAGES) writeFileSync(page.file, pageText(page));
