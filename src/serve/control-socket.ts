import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { LogStatus } from '../cluster/cluster-status.js';

export interface ControlSocketOptions {
  /** In the state directory: who may write there may ask. */
  path: string;
  log: () => LogStatus | undefined;
  /** Resolves when what was written so far is on the disk. */
  flush: () => Promise<void>;
  /** Told why it cannot be had: the daemon works without. */
  onFailure: (error: Error) => void;
}

/** Where commands that run beside the daemon ask it. Only for who holds its lock: what a killed one left goes. */
export async function openControlSocket(options: ControlSocketOptions): Promise<{ close(): Promise<void> }> {
  const { path, onFailure } = options;
  const server = createServer((request, response) => void answer(options, request, response));
  try {
    await rm(path, { force: true });
    server.listen(path);
    await once(server, 'listening');
    await chmod(path, 0o600);
  } catch (error) {
    onFailure(error as Error);
  }
  return {
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  { log, flush }: ControlSocketOptions,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = `${method} ${url}`;
  try {
    if (asked === 'POST /flush') await flush();
    else if (asked !== 'GET /log') response.statusCode = 404;
    response.end(asked === 'GET /log' ? JSON.stringify(log() ?? null) : '');
  } catch {
    // Whoever asked goes on without: there is no quorum that could say what was written.
    response.statusCode = 503;
    response.end();
  }
}
