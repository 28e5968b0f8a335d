/*
 * `contend.mjs LOCK CRITICAL HOLDS`: takes the lock again and again until it has held it HOLDS times; while it holds
 * it, nobody else may be able to create CRITICAL. Says how often somebody was.
 */
import { mkdirSync, rmdirSync } from 'node:fs';
import { DisklessError } from '../../../src/errors.ts';
import { acquireLock } from '../../../src/state/lock.ts';

const [path = '', critical = '', holds = '0'] = process.argv.slice(2);

async function take() {
  return acquireLock({ path, command: 'contend', now: () => new Date() }).catch((error) => {
    if (error instanceof DisklessError && error.code === 'locked') return undefined;
    throw error;
  });
}

function intruded() {
  try {
    mkdirSync(critical);
    rmdirSync(critical);
    return false;
  } catch {
    return true;
  }
}

let held = 0;
let violations = 0;
while (held < Number(holds)) {
  const lock = await take();
  if (lock === undefined) continue;
  held++;
  if (intruded()) violations++;
  lock.release();
}
process.stdout.write(`${JSON.stringify({ held, violations })}\n`);
