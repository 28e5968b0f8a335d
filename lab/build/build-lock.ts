import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { DisklessError } from '../../src/errors.js';

export interface LockOptions {
  /** What is locked; callers that give the same name exclude each other on this machine. */
  name: string;
  /** Called once when another process holds the lock. */
  onWait: () => void;
  signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while nobody else runs work under the same name.
 * The lock is an abstract Unix socket: the kernel frees it in whatever way its owner dies, so it never goes stale,
 * and whoever waits is told by the end of a connection instead of polling.
 */
export async function withLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const address = addressOf(options.name);
  let held = await tryHold(address);
  if (held === undefined) options.onWait();
  while (held === undefined) {
    await ownerGone(address, options.signal);
    options.signal?.throwIfAborted();
    held = await tryHold(address);
  }
  try {
    return await work();
  } finally {
    await held.release();
  }
}

/** Whether anybody runs work under this name. */
export async function isLocked(name: string): Promise<boolean> {
  const socket = connect(addressOf(name));
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

function addressOf(name: string): string {
  return `\0k8s-diskless-lab-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

interface Held {
  release(): Promise<void>;
}

async function tryHold(address: string): Promise<Held | undefined> {
  const waiters = new Set<Socket>();
  const server = createServer((socket) => {
    waiters.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => waiters.delete(socket));
  });
  try {
    server.listen(address);
    await once(server, 'listening');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') return undefined;
    throw new DisklessError({ code: 'lab-lock-failed', message: 'the build lock cannot be taken', cause });
  }
  const release = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of waiters) socket.destroy();
    await closed;
  };
  return { release };
}

async function ownerGone(address: string, signal: AbortSignal | undefined): Promise<void> {
  const socket = connect(address);
  const abort = () => socket.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  // Refused or reset tells the same as closed: the owner is gone.
  socket.on('error', () => socket.destroy()).resume();
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  signal?.removeEventListener('abort', abort);
}
