import type { FileHandle } from 'node:fs/promises';
import { createBreather } from './breather.js';
import { bucketHeader } from './bucket-header.js';
import { damaged } from './damaged.js';
import { branchElements, type LeafElement, leafElements } from './elements.js';
import { markFreelist } from './freelist.js';
import { type MetaPages, readMetaPages } from './meta-pages.js';
import { createPageMarks } from './page-marks.js';
import { inlinePage, type Page, type PageSource, readPage } from './pages.js';

/** A database file whose pages are in order; its bytes are as trustworthy as the hash behind them, since pages have none. */
export interface CheckedDatabase extends PageSource {
  /** Of its two meta pages: 1 is no error in a member's own file, but never comes from a snapshot's stream. */
  intactMetas: MetaPages['intact'];
}

export interface CheckPagesOptions {
  /** Open for reading, and to be left so for as long as the result is used. It must not change meanwhile. */
  file: FileHandle;
  signal?: AbortSignal | undefined;
}

/** A page that is still to be looked at, and the bounds that the branches above set for its keys. */
interface Visit {
  id: number;
  /** Every key is at least this … */
  from: Buffer | undefined;
  /** … and less than this. */
  to: Buffer | undefined;
  /** How many pages lead to it. */
  depth: number;
  isRoot: boolean;
}

/** With at least two elements on a branch this is out of reach for any file. */
const DEEPEST = 64;

/**
 * What `Check` of bbolt does, and more: the meta pages, and from the root all pages of all buckets, each within bounds, in
 * order and in use exactly once; what is not in use is free where free pages are listed. Throws `snapshot-damaged` for the
 * first thing that is wrong. Its memory is a byte for each page and the way down to one of them.
 */
export async function checkPages({ file, signal }: CheckPagesOptions): Promise<CheckedDatabase> {
  const { size } = await file.stat();
  const { meta, intact } = readMetaPages(file.fd, size);
  const source: PageSource = { fd: file.fd, meta };
  const marks = createPageMarks(meta.pages);
  if (meta.freelistPage !== undefined) markFreelist(source, meta.freelistPage, marks);
  const breathe = createBreather(signal);
  const visits = [rootVisit(meta.rootPage, 1)];
  for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) {
    const page = readPage(source, visit.id);
    marks.use(page.id, page.overflow);
    visits.push(...checkPage(page, visit).reverse());
    await breathe();
  }
  if (meta.freelistPage !== undefined) marks.requireAll();
  return { ...source, intactMetas: intact };
}

const rootVisit = (id: number, depth: number): Visit => ({ id, from: undefined, to: undefined, depth, isRoot: true });

/** What is to be looked at next, in the order of the keys. */
function checkPage(page: Page, visit: Visit): Visit[] {
  if (visit.depth > DEEPEST) throw damaged(page.place, `lies below ${DEEPEST} others`);
  switch (page.kind) {
    case 'branch':
      return checkBranch(page, visit);
    case 'leaf':
      return checkLeaf(page, visit);
    default:
      throw damaged(page.place, `is a ${page.kind} page, where keys should be`);
  }
}

function checkBranch(page: Page, visit: Visit): Visit[] {
  const elements = branchElements(page);
  if (elements.length === 0) throw damaged(page.place, 'is a branch without elements');
  checkOrder(page, elements, visit);
  const depth = visit.depth + 1;
  return elements.map(({ key, child }, index) => ({
    id: child,
    from: key,
    to: elements[index + 1]?.key ?? visit.to,
    depth,
    isRoot: false,
  }));
}

function checkLeaf(page: Page, visit: Visit): Visit[] {
  const elements = leafElements(page);
  if (elements.length === 0 && !visit.isRoot) throw damaged(page.place, 'is a leaf without elements');
  checkOrder(page, elements, visit);
  return elements.filter(({ isBucket }) => isBucket).flatMap((element) => checkBucket(page, element, visit.depth + 1));
}

function checkBucket(page: Page, element: LeafElement, depth: number): Visit[] {
  const root = bucketHeader(page, element);
  if (root !== undefined) return [rootVisit(root, depth)];
  const inline = inlinePage(page, element.valueStart, element.valueLength);
  const elements = leafElements(inline);
  checkOrder(inline, elements, { from: undefined, to: undefined });
  if (elements.some(({ isBucket }) => isBucket)) throw damaged(inline.place, 'has a bucket in itself');
  return [];
}

function checkOrder(page: Page, elements: readonly { key: Buffer }[], { from, to }: Pick<Visit, 'from' | 'to'>): void {
  let before: Buffer | undefined;
  for (const [index, { key }] of elements.entries()) {
    if (before !== undefined && before.compare(key) >= 0)
      throw damaged(page.place, `has the key of element ${index} out of order`);
    before = key;
  }
  const [first] = elements;
  if (first === undefined || before === undefined) return;
  if (from !== undefined && first.key.compare(from) < 0)
    throw damaged(page.place, 'begins with a key that is less than that of the branch above');
  if (to !== undefined && before.compare(to) >= 0)
    throw damaged(page.place, 'ends with a key that belongs to a page behind it');
}
