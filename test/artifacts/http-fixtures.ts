import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DownloadSettings } from '../../src/artifacts/download.js';

export type Reply = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestServer {
  url: string;
  /** `GET /path [range]` of every request so far. */
  requests: string[];
}

/** A server on loopback that is gone after the test, with all its connections. */
export async function serve(reply: Reply): Promise<TestServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push([request.method, request.url, request.headers.range].filter(Boolean).join(' '));
    reply(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests };
}

/** Serves files by path, with ranges as real servers do; 404 for the rest. */
export function files(content: Record<string, Buffer | string>): Reply {
  return (request, response) => {
    const found = content[request.url ?? ''];
    if (found === undefined) return void response.writeHead(404).end('not found');
    const data = Buffer.from(found);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
    if (Number.isNaN(start)) return void response.writeHead(200, { 'content-length': data.length }).end(data);
    if (start >= data.length) return void response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end();
    const range = `bytes ${start}-${data.length - 1}/${data.length}`;
    response
      .writeHead(206, { 'content-length': data.length - start, 'content-range': range })
      .end(data.subarray(start));
  };
}

/** An artifacts directory behind a web server is a mirror. */
export const directoryListing =
  (directory: string, prefix = ''): Reply =>
  (request, response) => {
    const url = request.url ?? '';
    try {
      const data = url.startsWith(prefix) ? readFileSync(join(directory, url.slice(prefix.length))) : undefined;
      files(data === undefined ? {} : { [url]: data })(request, response);
    } catch {
      response.writeHead(404).end();
    }
  };

/** Each request gets the next reply; the last one answers all further ones. */
export function inTurn(...replies: [Reply, ...Reply[]]): Reply {
  let turn = 0;
  return (request, response) => {
    const reply = replies[Math.min(turn++, replies.length - 1)];
    reply?.(request, response);
  };
}

export const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  (_, response) =>
    void response.writeHead(code, headers).end();

/** Promises all of `data`, sends a part of it and cuts the connection. */
export const cutAfter =
  (data: Buffer, bytes: number): Reply =>
  (_, response) => {
    response.writeHead(200, { 'content-length': data.length });
    response.write(data.subarray(0, bytes), () => response.destroy());
  };

/** Sends a part and then nothing, with the connection open. */
export const stallAfter =
  (data: Buffer, bytes: number): Reply =>
  (_, response) => {
    response.writeHead(200, { 'content-length': data.length });
    response.write(data.subarray(0, bytes));
  };

/** Download settings whose waits are only noted. */
export function testSettings(overrides: Partial<DownloadSettings> = {}): DownloadSettings & { waits: number[] } {
  const waits: number[] = [];
  return {
    env: {},
    idleTimeoutMs: 5_000,
    attempts: 3,
    random: () => 1,
    sleep: async (ms) => void waits.push(ms),
    waits,
    ...overrides,
  };
}
