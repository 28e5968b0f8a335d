/*
 * `hold-lock.mjs LOCK`: tries to take the lock when told by a line on stdin, says in one line of JSON how that went,
 * and holds on until stdin is closed.
 */
import { createInterface } from 'node:readline';
import { DisklessError } from '../../../src/errors.ts';
import { acquireLock } from '../../../src/state/lock.ts';

const [path = ''] = process.argv.slice(2);
let lock;
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

async function take() {
  try {
    lock = await acquireLock({ path, command: 'k8s-diskless up --hosts s4', now: () => new Date() });
    say({ held: true, takenOverFrom: lock.takenOverFrom?.pid });
  } catch (error) {
    if (!(error instanceof DisklessError)) throw error;
    say({ held: false, code: error.code, exit: error.exit, message: error.message });
  }
}

say({ pid: process.pid });
for await (const command of createInterface(process.stdin)) {
  if (command === 'take') await take();
  if (command === 'release') {
    lock?.release();
    say({ released: true });
  }
}
lock?.release();
