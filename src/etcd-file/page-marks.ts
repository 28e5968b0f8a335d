import { damaged } from './damaged.js';

const USED = 1;
const FREE = 2;

/** Which pages have been seen: a byte for each, of a database of 8 GB 2 MB. */
export interface PageMarks {
  use(id: number, overflow: number): void;
  free(id: number): void;
  /** Throws unless all have been seen. */
  requireAll(): void;
}

export function createPageMarks(pages: number): PageMarks {
  const marks = new Uint8Array(pages).fill(USED, 0, 2);
  const mark = (id: number, as: number): void => {
    if (marks[id] === FREE) throw damaged(`page ${id}`, as === FREE ? 'is free twice' : 'is in use and free at once');
    if (marks[id] === USED) throw damaged(`page ${id}`, as === FREE ? 'is in use and free at once' : 'is in use twice');
    marks[id] = as;
  };
  return {
    use(id, overflow) {
      for (let page = id; page <= id + overflow; page++) mark(page, USED);
    },
    free: (id) => mark(id, FREE),
    requireAll() {
      const lost = marks.indexOf(0);
      if (lost !== -1) throw damaged(`page ${lost}`, 'is neither in use nor free');
    },
  };
}
