import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LeftOut, Skip } from './select.js';

/** Tests that cannot run without the outside world. */
export const SKIPS: readonly Skip[] = read('skips.json');
/** Kinds of tests that say nothing on an emulated machine. */
export const NODE_LEFT_OUT: readonly LeftOut[] = read('node-left-out.json');

function read(name: string) {
  return JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
}
