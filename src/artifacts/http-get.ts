import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { openTunnel, proxyFor, viaProxy } from './proxy.js';

export interface HttpGetOptions {
  url: URL;
  headers?: Record<string, string>;
  /** Where proxies are named. */
  env: NodeJS.ProcessEnv;
  /** A connection on which nothing moves for this long is given up. */
  idleTimeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** The server answered, but not with what was asked for. */
export class HttpStatusError extends Error {
  readonly status: number;

  constructor(status: number, url: URL) {
    super(`${displayUrl(url)} answers ${status} ${http.STATUS_CODES[status] ?? ''}`.trimEnd());
    this.name = 'HttpStatusError';
    this.status = status;
  }
}

/** GitHub needs one, storage behind it another; more than this is a loop. */
const MAX_REDIRECTS = 8;

/** Follows redirects; the response of any other status is the caller's, unread. */
export async function httpGet(options: HttpGetOptions): Promise<IncomingMessage> {
  let { url } = options;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await getOnce({ ...options, url });
    const { statusCode = 0, headers } = response;
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return response;
    response.destroy();
    url = redirectTarget(url, headers.location);
  }
  throw new Error(`${displayUrl(options.url)} redirects more than ${MAX_REDIRECTS} times`);
}

/** A redirect may not leave TLS: checksums come from the same server as the files. */
export function redirectTarget(from: URL, location: string): URL {
  const target = new URL(location, from);
  const allowed = from.protocol === 'https:' ? ['https:'] : ['http:', 'https:'];
  if (allowed.includes(target.protocol)) return target;
  throw new Error(`${displayUrl(from)} redirects to ${displayUrl(target)}, which is not protected by TLS`);
}

/** A URL for messages: without credentials, and without a query, which may hold a signature. */
export function displayUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

async function getOnce(options: HttpGetOptions): Promise<IncomingMessage> {
  const { url, env, idleTimeoutMs, signal } = options;
  const settings: RequestOptions = {
    headers: { 'user-agent': 'k8s-diskless', 'accept-encoding': 'identity', ...options.headers },
    timeout: idleTimeoutMs,
    ...(signal && { signal }),
  };
  const proxy = proxyFor(url, env);
  if (proxy === undefined)
    return answer(url.protocol === 'https:' ? https.get(url, settings) : http.get(url, settings));
  if (url.protocol === 'http:') {
    const { url: hop, path, headers } = viaProxy(proxy, url);
    const request = { ...settings, path, headers: { ...settings.headers, ...headers } };
    return answer(hop.protocol === 'https:' ? https.get(hop, request) : http.get(hop, request));
  }
  const socket = await openTunnel({ proxy, target: url, timeoutMs: idleTimeoutMs, signal });
  const createConnection = () => tls.connect({ socket, servername: url.hostname });
  return answer(https.get(url, { ...settings, createConnection }));
}

function answer(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    request.on('response', (message) => {
      response = message;
      resolve(message);
    });
    // Destroying the request would report "aborted" to whoever reads the response, and lose the reason.
    request.on('timeout', () => (response ?? request).destroy(stalled()));
    request.on('error', reject);
  });
}

function stalled(): Error {
  return Object.assign(new Error('the connection stalled'), { code: 'ETIMEDOUT' });
}
