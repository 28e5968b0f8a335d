import { bucketHeader } from './bucket-header.js';
import type { CheckedDatabase } from './check-pages.js';
import { branchElements, type LeafElement, leafElements } from './elements.js';
import { inlinePage, type Page, readPage } from './pages.js';

/** A leaf of a bucket, with what it has. */
export interface Leaf {
  page: Page;
  elements: readonly LeafElement[];
}

/** The leaves of one of etcd's buckets, by ascending key; none if there is no such bucket. */
export function* leavesOf(database: CheckedDatabase, bucket: string): Generator<Leaf> {
  const name = Buffer.from(bucket);
  for (const { page, elements } of leavesBelow(database, database.meta.rootPage)) {
    const found = elements.find(({ key, isBucket }) => isBucket && key.equals(name));
    if (found === undefined) continue;
    const root = bucketHeader(page, found);
    if (root !== undefined) return yield* leavesBelow(database, root);
    const inline = inlinePage(page, found.valueStart, found.valueLength);
    return yield { page: inline, elements: leafElements(inline) };
  }
}

function* leavesBelow(database: CheckedDatabase, root: number): Generator<Leaf> {
  const pending = [root];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const page = readPage(database, id);
    if (page.kind === 'leaf') yield { page, elements: leafElements(page) };
    else
      pending.push(
        ...branchElements(page)
          .map(({ child }) => child)
          .reverse(),
      );
  }
}

/** Of a small bucket. */
export function entriesOf(database: CheckedDatabase, bucket: string): { key: Buffer; value: Buffer; place: string }[] {
  return [...leavesOf(database, bucket)].flatMap(({ page, elements }) =>
    elements.map((element) => ({ key: element.key, value: readValue(page, element), place: page.place })),
  );
}

export function readValue(page: Page, { valueStart, valueLength }: LeafElement): Buffer {
  return page.bytes(valueStart, valueLength);
}
