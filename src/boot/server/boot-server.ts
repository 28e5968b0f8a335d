import { type HttpServer, startHttpServer } from '../../web/http-server.js';
import { cannotListen } from '../../web/listen-error.js';
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
    throw cannotListen({ listen, cause, named: { address: '--listen', port: '--listen and --url' } });
  });
  return {
    address: server.address,
    close() {
      emit({ type: 'stopping', transfers: server.underWay() });
      return server.close();
    },
  };
}
