import { damaged } from './damaged.js';
import { PAGE_HEADER_BYTES } from './page-layout.js';
import type { PageMarks } from './page-marks.js';
import { type PageSource, readPage } from './pages.js';
import { unsignedLe } from './unsigned.js';

const ID_BYTES = 8;
/** The real count is then the first number. */
const TOO_MANY = 0xffff;
const AT_ONCE = 4096;

/** Marks the pages of the list as used, and what it lists as free. */
export function markFreelist(source: PageSource, id: number, marks: PageMarks): void {
  const page = readPage(source, id);
  if (page.kind !== 'freelist') throw damaged(page.place, `should list the free pages, but is a ${page.kind} page`);
  marks.use(id, page.overflow);
  const long = page.count === TOO_MANY;
  const first = PAGE_HEADER_BYTES + (long ? ID_BYTES : 0);
  const count = long ? unsignedLe(page.bytes(PAGE_HEADER_BYTES, ID_BYTES), 0) : page.count;
  const end = first + count * ID_BYTES;
  if (end > page.sizeBytes) throw damaged(page.place, `lists ${count} free pages, more than fit into it`);
  for (let at = first; at < end; at += AT_ONCE * ID_BYTES) {
    const ids = page.bytes(at, Math.min(AT_ONCE * ID_BYTES, end - at));
    for (let each = 0; each < ids.length; each += ID_BYTES) {
      const free = unsignedLe(ids, each);
      if (free < 2 || free >= source.meta.pages) throw damaged(page.place, `lists page ${free}, which is none`);
      marks.free(free);
    }
  }
}
