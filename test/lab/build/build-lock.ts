import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { DisklessError } from '../../../src/errors.js';

export interface LockOptions {
  /** What is locked, by name; callers of the same name exclude each other on this machine. */
  name: string;
  /** Called once when another process holds the lock. */
  onWait: () => void;
  signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while no other process runs work under the same name.
 * The lock is an abstract Unix socket: the kernel frees it when its owner dies in whatever way, so it never goes stale,
 * and who waits is told by the end of a connection instead of polling.
 */
export async function withLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const digest = createHash('sha256').update(options.name).digest('hex').slice(0, 32);
  const server = await acquire({ ...options, address: `\0k8s-diskless-lab-${digest}` });
  try {
    return await work();
  } finally {
    await release(server);
  }
}

interface HeldServer extends Server {
  waiters?: Set<{ destroy(): void }>;
}

async function acquire(options: LockOptions & { address: string }): Promise<HeldServer> {
  for (let attempt = 0; ; attempt++) {
    options.signal?.throwIfAborted();
    const server = await tryListen(options.address);
    if (server !== undefined) return server;
    if (attempt === 0) options.onWait();
    await ownerGone(options);
  }
}

async function tryListen(address: string): Promise<HeldServer | undefined> {
  const server: HeldServer = createServer();
  const waiters = new Set<{ destroy(): void }>();
  server.waiters = waiters;
  server.on('connection', (socket) => {
    waiters.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => waiters.delete(socket));
  });
  try {
    server.listen(address);
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') return undefined;
    throw new DisklessError({ code: 'lab-lock-failed', message: 'the build lock cannot be taken', cause: error });
  }
}

async function ownerGone(options: { address: string; signal?: AbortSignal | undefined }): Promise<void> {
  const socket = connect(options.address);
  const abort = () => socket.destroy();
  options.signal?.addEventListener('abort', abort, { once: true });
  // Refused or reset says the same as closed: the owner is gone.
  socket.on('error', () => socket.destroy()).resume();
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  options.signal?.removeEventListener('abort', abort);
}

async function release(server: HeldServer): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of server.waiters ?? []) socket.destroy();
  await closed;
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
