import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BootEventBody, Client, Transfer } from './boot-events.js';
import { type WantedBytes, wantedBytes } from './byte-range.js';
import { KnownClients, plainAddress } from './known-clients.js';
import { isNotModified, rangeHolds } from './preconditions.js';
import type { FoundResource, Resource, Resources } from './resources.js';
import { openBody, sendBody } from './send-body.js';

export interface HandlerOptions {
  resources: Resources;
  emit: (event: BootEventBody) => void;
  monotonicMs: () => number;
  /** Whether the connection of a response was given up because nothing moved. */
  isStalled: (response: ServerResponse) => boolean;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** How often a transfer says how far it is. */
const PROGRESS_EVERY_MS = 250;

/** Answers GET and HEAD for what is served, and tells what happened. Never throws. */
export function bootHandler(options: HandlerOptions): Handler {
  const { resources, emit } = options;
  const clients = new KnownClients();
  let requests = 0;
  return async (request, response) => {
    const path = pathOf(request);
    const found = resources.find(path);
    const client = clients.identify(plainAddress(request.socket.remoteAddress), found ?? {});
    const allowed = request.method === 'GET' || request.method === 'HEAD';
    if (!found || !allowed) return refuse({ response, client, path, status: allowed ? 404 : 405, emit });
    if (found.unknown) emit({ type: 'unknown-machine', ...client });
    const { resource } = found;
    const transfer = { id: ++requests, ...client, stage: resource.stage, file: resource.name };
    await answer({ request, response, transfer, found, ...options });
  };
}

/** Also of a proxy's request, which names the whole URL. Compared as it is: nothing served needs an escape. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/^https?:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
}

interface Refusal {
  response: ServerResponse;
  client: Client;
  path: string;
  status: 404 | 405;
  emit: HandlerOptions['emit'];
}

function refuse({ response, client, path, status, emit }: Refusal): void {
  const text = status === 404 ? 'not found\n' : 'only GET and HEAD\n';
  response.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': text.length,
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(text);
  emit({ type: 'request-refused', ...client, status, path });
}

interface Answer extends HandlerOptions {
  request: IncomingMessage;
  response: ServerResponse;
  transfer: Transfer;
  found: FoundResource;
}

async function answer({ request, response, transfer, found: { resource }, ...options }: Answer): Promise<void> {
  const { emit, monotonicMs, isStalled } = options;
  const started = monotonicMs();
  const head = headOf(request, resource);
  const { status, wanted, bytes } = head;
  let sent = 0;
  const finished = (
    outcome: 'done' | 'aborted' | 'stalled' | 'failed',
    answered: number = status,
    reason?: string,
  ): void => {
    const durationMs = Math.round(monotonicMs() - started);
    const body = { ...transfer, status: answered, sent, bytes, durationMs, outcome, ...(reason && { reason }) };
    emit({ type: 'transfer-finished', ...body });
  };
  try {
    const withBody = request.method === 'GET' && bytes > 0;
    if (!withBody || wanted === 'unsatisfiable') {
      response.writeHead(status, head.headers).end();
      return finished('done');
    }
    emit({ type: 'transfer-started', ...transfer, bytes });
    const source = await openBody(resource, wanted.start, wanted.end);
    response.writeHead(status, head.headers);
    let told = started;
    const onSent = (count: number): void => {
      sent = count;
      if (monotonicMs() - told < PROGRESS_EVERY_MS) return;
      told = monotonicMs();
      emit({ type: 'transfer-progress', ...transfer, sent, bytes });
    };
    await sendBody(source, { resource, ...wanted, response, onSent });
    finished('done');
  } catch (error) {
    const ours = !isHangUp(error);
    const reason = ours && error instanceof Error ? error.message : undefined;
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { 'content-type': 'text/plain' }).end(`${reason ?? 'failed'}\n`);
    finished(ours ? 'failed' : isStalled(response) ? 'stalled' : 'aborted', ours && sent === 0 ? 500 : status, reason);
  }
}

function isHangUp(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED'].includes(code);
}

interface Head {
  status: 200 | 206 | 304 | 416;
  headers: Record<string, string | number>;
  wanted: WantedBytes;
  /** Of the body. */
  bytes: number;
}

function headOf({ headers }: IncomingMessage, resource: Resource): Head {
  const { size, etag, modified, contentType } = resource;
  const validators = { etag, 'last-modified': modified.toUTCString(), 'accept-ranges': 'bytes' };
  // Scripts and Ignition change whenever the server is started with another configuration.
  const caching = { 'cache-control': 'no-cache' };
  const common = { ...validators, ...caching };
  if (isNotModified(headers, resource)) return { status: 304, headers: common, wanted: 'unsatisfiable', bytes: 0 };
  const wanted = wantedBytes(rangeHolds(headers, resource) ? headers.range : undefined, size);
  if (wanted === 'unsatisfiable') {
    const range = { 'content-range': `bytes */${size}`, 'content-length': 0 };
    return { status: 416, headers: { ...common, ...range }, wanted, bytes: 0 };
  }
  const bytes = wanted.end - wanted.start + 1;
  return {
    status: wanted.partial ? 206 : 200,
    headers: {
      ...common,
      'content-type': contentType,
      'content-length': bytes,
      ...(wanted.partial && { 'content-range': `bytes ${wanted.start}-${wanted.end}/${size}` }),
    },
    wanted,
    bytes,
  };
}
