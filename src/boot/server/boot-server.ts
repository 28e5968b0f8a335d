import { type DisklessError, usageError } from '../../errors.js';
import { type HttpServer, startHttpServer } from '../../web/http-server.js';
import type { BootEventBody } from './boot-events.js';
import { bootHandler } from './handler.js';
import type { Resources } from './resources.js';

export interface BootServerOptions {
  resources: Resources;
  listen: { host: string; port: number };
  emit: (event: BootEventBody) => void;
  monotonicMs: () => number;
  /** As of HttpServerOptions. */
  idleTimeoutMs?: number;
}

export type BootServer = Pick<HttpServer, 'address' | 'close'>;

/** @throws usage error (exit 2) when the address or port cannot be had */
export async function startBootServer(options: BootServerOptions): Promise<BootServer> {
  const { resources, listen, emit, monotonicMs, idleTimeoutMs } = options;
  const server = await startHttpServer({
    listen,
    idleTimeoutMs,
    handler: (isStalled) => bootHandler({ resources, emit, monotonicMs, isStalled }),
  }).catch((cause: NodeJS.ErrnoException) => {
    throw cannotListen(listen, cause);
  });
  return {
    address: server.address,
    close() {
      emit({ type: 'stopping', transfers: server.underWay() });
      return server.close();
    },
  };
}

const REASONS: Readonly<Record<string, { problem: string; hint: string }>> = {
  EADDRINUSE: {
    problem: 'something else listens there already',
    hint: 'stop it (`ss -ltnp` names it), or choose another port with --listen and --url',
  },
  EADDRNOTAVAIL: {
    problem: 'this machine has no such address',
    hint: 'name one of its own with --listen; 0.0.0.0:PORT binds to all of them',
  },
  EACCES: { problem: 'ports below 1024 are for root', hint: 'choose another port with --listen and --url' },
};

function cannotListen({ host, port }: { host: string; port: number }, cause: NodeJS.ErrnoException): DisklessError {
  const { problem, hint } = REASONS[cause.code ?? ''] ?? { problem: cause.message, hint: 'name another with --listen' };
  return usageError({ code: 'cannot-listen', message: `cannot listen on ${host}:${port}: ${problem}`, hint, cause });
}
