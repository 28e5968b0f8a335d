import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range from which the kernel takes ports by itself, a block for each of vitest's workers: until somebody binds
 * it, no port of ours comes to anybody else, nor a second time to us.
 */
const FIRST_PORT = 21_000;
const PER_WORKER = 1_000;
const WORKERS = 10;

let next = randomInt(PER_WORKER);

/** A port of loopback on which nobody listens. */
export async function freePort(): Promise<number> {
  const block = FIRST_PORT + PER_WORKER * (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS);
  for (;;) {
    const port = block + (next++ % PER_WORKER);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
