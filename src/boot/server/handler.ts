import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../../web/http-server.js';
import { responseHead } from '../../web/response-head.js';
import { openBody, sendBody } from '../../web/send-body.js';
import type { BootEventBody, Client, Transfer } from './boot-events.js';
import { KnownClients, plainAddress } from './known-clients.js';
import type { Resource, Resources } from './resources.js';
import { createTransferReport } from './transfer-report.js';

export interface HandlerOptions {
  resources: Resources;
  emit: (event: BootEventBody) => void;
  monotonicMs: () => number;
  /** Whether the connection of a response was given up because nothing moved. */
  isStalled: (response: ServerResponse) => boolean;
}

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
    await answer({ request, response, transfer, resource, ...options });
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
  resource: Resource;
}

async function answer({ request, response, transfer, resource, ...options }: Answer): Promise<void> {
  const { status, headers, body, bytes } = responseHead(request, resource);
  const report = createTransferReport({ transfer, bytes, ...options });
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return report.finished({ outcome: 'done', status });
  }
  report.started();
  let handedOver = 0;
  const onSent = (count: number): void => {
    handedOver = count;
    report.sent(count);
  };
  try {
    const source = await openBody(resource, body.start, body.end);
    response.writeHead(status, headers);
    await sendBody(source, { content: resource, ...body, response, onSent });
    report.finished({ outcome: 'done', status });
  } catch (error) {
    if (isHangUp(error)) {
      // Firmware hangs up as soon as it has the last byte, which may be before Node.js has heard that it was taken.
      const outcome = handedOver === bytes ? 'done' : options.isStalled(response) ? 'stalled' : 'aborted';
      return report.finished({ outcome, status });
    }
    report.finished({ outcome: 'failed', ...failure(response, error) });
  }
}

/** Says what went wrong where that is still possible, else breaks the connection. */
function failure(response: ServerResponse, error: unknown): { status: number; reason: string } {
  const reason = error instanceof Error ? error.message : String(error);
  if (response.headersSent) {
    response.destroy();
    return { status: response.statusCode, reason };
  }
  response.writeHead(500, { 'content-type': 'text/plain' }).end(`${reason}\n`);
  return { status: 500, reason };
}

function isHangUp(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED'].includes(code);
}
