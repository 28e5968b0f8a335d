import { type HttpServer, startHttpServer } from '../web/http-server.js';
import { cannotListen } from '../web/listen-error.js';
import { readAssets } from './assets.js';
import { createEventStreams } from './event-streams.js';
import { createGuard } from './guard.js';
import type { PageAccess } from './page-access.js';
import { pageHandler } from './page-handler.js';
import type { PageSource } from './page-state.js';
import { summaryOf } from './summary.js';

export interface PageOptions {
  source: PageSource;
  /** An address, and a port; with port 0 the system chooses one. */
  listen: { host: string; port: number };
  access: PageAccess;
  wallClock: () => Date;
  /** So often at most is something told to those who look. Default: five times a second. */
  gapMs?: number;
  /** Default: every 15 s. */
  heartbeatMs?: number;
}

export interface Page {
  /** Where a browser finds it. */
  url: string;
  /** Lets all readers go, and resolves when the last connection is gone. */
  close(): Promise<void>;
}

const GAP_MS = 200;
/** Nothing that it answers takes longer, but for who means it to. */
const CLOSE_MS = 2_000;
/** Well below the minute after which a silent connection is given up, here and by most proxies. */
const HEARTBEAT_MS = 15_000;

/** The page of `serve`: read-only. @throws usage error (exit 2) when the address or port cannot be had */
export async function startPage(options: PageOptions): Promise<Page> {
  const { source, listen, access, wallClock, gapMs = GAP_MS, heartbeatMs = HEARTBEAT_MS } = options;
  const assets = await readAssets();
  const current = (): object => {
    const state = source.current();
    return { ...state, summary: summaryOf(state) };
  };
  const streams = createEventStreams({ current, wallClock, gapMs, heartbeatMs });
  const guard = createGuard(access, () => wallClock().getTime());
  const handler = pageHandler({ source, guard, assets, streams, wallClock });
  const server = await startHttpServer({ listen, tls: access.tls, handler: () => handler }).catch((cause) => {
    streams.close();
    throw cannotListen({ listen, cause, named: { address: '--page-listen', port: '--page-listen' } });
  });
  const unsubscribe = source.changed(streams.wake);
  return {
    url: urlOf(server, access),
    async close() {
      unsubscribe();
      streams.close();
      await server.close(CLOSE_MS);
    },
  };
}

function urlOf({ address: { host, port } }: HttpServer, { tls }: PageAccess): string {
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}
