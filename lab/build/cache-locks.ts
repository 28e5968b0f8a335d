import { resolve } from 'node:path';
import { withLock } from './build-lock.js';

/** One at a time builds a product. */
export function buildLock(root: string, product: string): string {
  return `build ${resolve(root)} ${product}`;
}

/**
 * A moment's work on the folders of the cache: products come, are taken into use and go one at a time. Whoever builds a
 * product has its lock and its folder before it is in here for the first time: whoever removes things sees that.
 */
export function inCache<T>(root: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return withLock({ name: `cache ${resolve(root)}`, onWait: () => {}, signal }, work);
}
