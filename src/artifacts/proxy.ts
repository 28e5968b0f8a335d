import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { usageError } from '../errors.js';

/**
 * The proxy that the environment names for a URL, as curl reads it: `https_proxy`, `http_proxy`, `all_proxy` and
 * `no_proxy`, in either case. Node before 24 knows none of them.
 */
export function proxyFor(target: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const variable = (name: string) => env[name] || env[name.toUpperCase()];
  const text = variable(target.protocol === 'https:' ? 'https_proxy' : 'http_proxy') ?? variable('all_proxy');
  if (!text || bypassed(target, variable('no_proxy') ?? '')) return undefined;
  const url = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(url) && /^https?:/.test(url)) return new URL(url);
  throw usageError({
    code: 'proxy-unsupported',
    message: `the environment names a proxy that is no http or https URL, for ${target.hostname}`,
    hint: 'set HTTPS_PROXY to http://HOST:PORT, or name the host in NO_PROXY',
  });
}

function bypassed(target: URL, list: string): boolean {
  const host = target.hostname.toLowerCase();
  const entries = list.toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    const [, name, port] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\*?\./, '')) ?? [];
    if (!name) return false;
    if (port !== undefined && port !== portOf(target)) return false;
    return name === '*' || host === name || host.endsWith(`.${name}`);
  });
}

/** Headers and request target that make a plain HTTP request go by a proxy. */
export function viaProxy(proxy: URL, target: URL): { url: URL; path: string; headers: Record<string, string> } {
  return {
    url: withoutCredentials(proxy),
    path: withoutCredentials(target).href,
    headers: proxyHeaders(proxy, target),
  };
}

/** A TCP connection to an https server through the proxy (CONNECT), ready for TLS. */
export async function openTunnel(options: {
  proxy: URL;
  target: URL;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}): Promise<Socket> {
  const { proxy, target, timeoutMs, signal } = options;
  const authority = `${target.hostname}:${portOf(target)}`;
  const request = (proxy.protocol === 'https:' ? https : http).request(withoutCredentials(proxy), {
    method: 'CONNECT',
    path: authority,
    headers: { ...proxyHeaders(proxy, target), host: authority },
    timeout: timeoutMs,
    ...(signal && { signal }),
  });
  return new Promise((resolve, reject) => {
    request.on('timeout', () =>
      request.destroy(Object.assign(new Error('the proxy is silent'), { code: 'ETIMEDOUT' })),
    );
    request.on('error', reject);
    request.on('connect', (response, socket: Socket) => {
      if (response.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answers ${response.statusCode} to CONNECT ${authority}`));
    });
    request.end();
  });
}

function proxyHeaders(proxy: URL, target: URL): Record<string, string> {
  if (proxy.username === '') return { host: target.host };
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { host: target.host, 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}
