import type { Duplex } from 'node:stream';

/** net.Socket, or a connection forwarded by a jump host. */
export type ByteStream = Duplex & { readonly bytesRead: number };

export interface KeepaliveOptions {
  socket: ByteStream;
  /** How often the server is asked for a sign of life. */
  intervalMs: number;
  /** Intervals without a single byte received after which the connection counts as lost. */
  countMax: number;
  onSilence: () => void;
}

/**
 * Watches for silence. ssh2 sends the pings but counts only their answers, which on a slow link wait behind
 * megabytes of upload; any byte received is a sign of life here, as in OpenSSH's ServerAliveInterval.
 * Returns how to stop.
 */
export function watchForSilence({ socket, intervalMs, countMax, onSilence }: KeepaliveOptions): () => void {
  let seen = socket.bytesRead;
  let silent = 0;
  const timer = setInterval(() => {
    silent = socket.bytesRead === seen ? silent + 1 : 0;
    seen = socket.bytesRead;
    if (silent < countMax) return;
    clearInterval(timer);
    onSilence();
  }, intervalMs);
  return () => clearInterval(timer);
}
