import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../web/http-server.js';
import type { Asset } from './assets.js';
import type { EventStreams } from './event-streams.js';
import type { Guard } from './guard.js';
import { loginHtml, pageHtml } from './html.js';
import { METRICS_TYPE, metricsText } from './metrics.js';
import type { PageSource } from './page-state.js';
import { readForm } from './read-form.js';

export interface PageHandlerOptions {
  source: PageSource;
  guard: Guard;
  assets: ReadonlyMap<string, Asset>;
  streams: EventStreams;
  wallClock: () => Date;
}

/** What every answer says to browsers: nothing from elsewhere, nothing kept, nothing let out, no frame around it. */
const HEADERS = {
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

const SESSION = '/session';
/** The form and what it looks like: all that is there without the token, beside `/healthz`. */
const LOGIN = { page: 'login.html', style: 'login.css' } as const;

interface Answer {
  status?: number;
  type?: string;
  text: string;
  headers?: Record<string, string>;
}

/** Answers everything that can be asked of the page. Never throws. */
export function pageHandler(options: PageHandlerOptions): Handler {
  return async (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const path = (request.url ?? '').replace(/[?#].*$/s, '');
    try {
      if (mayRead(request, options) && path === '/api/v1/events' && request.method === 'GET') {
        return await options.streams.serve(request, response);
      }
      send(request, response, await answerTo(request, path, options));
    } catch {
      // Hung up in the middle of a form; else a bug of ours, of which a stranger is told nothing.
      if (response.headersSent || request.destroyed) response.destroy();
      else send(request, response, { status: 500, text: 'this page has a fault\n' });
    }
  };
}

const mayRead = ({ headers }: IncomingMessage, { guard }: PageHandlerOptions): boolean =>
  guard.refusal(headers) === undefined && guard.isKnown(headers);

async function answerTo(request: IncomingMessage, path: string, options: PageHandlerOptions): Promise<Answer> {
  const { headers, method = '' } = request;
  const { guard } = options;
  const refusal = guard.refusal(headers);
  if (refusal !== undefined) return { status: 403, text: `${refusal}\n` };
  if (path === SESSION && method === 'POST') return openSession(request, options);
  if (!['GET', 'HEAD'].includes(method)) {
    const allowed = path === SESSION ? 'POST' : 'GET, HEAD';
    return { status: 405, text: `only ${allowed}\n`, headers: { allow: allowed } };
  }
  if (path === '/healthz') return { text: 'ok\n' };
  return guard.isKnown(headers) ? content(path, options) : login(path, options);
}

async function content(path: string, { source, assets, streams, wallClock }: PageHandlerOptions): Promise<Answer> {
  const state = source.current();
  switch (path) {
    case '/': {
      const { type, text } = asset(assets, 'index.html');
      return { type, text: pageHtml(text, state) };
    }
    case '/api/v1/status': {
      if (state.status === undefined) return { status: 503, text: 'nobody has looked at the cluster yet\n' };
      const { status, ...serve } = state;
      const document = { ...status.document, takenAt: status.takenAt, serve };
      return { type: 'application/json', text: `${JSON.stringify(document)}\n` };
    }
    case '/metrics':
      return { type: METRICS_TYPE, text: await metricsText(state, streams.readers(), wallClock()) };
    case '/api/v1/events':
      return { type: 'text/event-stream', text: '' };
  }
  const found = assets.get(path.slice(1));
  return found === undefined || path.endsWith('.html') ? { status: 404, text: 'not found\n' } : found;
}

function login(path: string, { assets }: PageHandlerOptions, problem?: string): Answer {
  if (path === `/${LOGIN.style}`) return asset(assets, LOGIN.style);
  const headers = { 'www-authenticate': 'Bearer realm="k8s-diskless"' };
  if (path !== '/') return { status: 401, text: 'the token is missing or wrong\n', headers };
  const { type, text } = asset(assets, LOGIN.page);
  return { status: 401, type, text: loginHtml(text, problem), headers };
}

/** The token for a cookie, once. */
async function openSession(request: IncomingMessage, options: PageHandlerOptions): Promise<Answer> {
  const form = await readForm(request);
  if (form === undefined) return { status: 400, text: 'not the form of this page\n', headers: { connection: 'close' } };
  const cookie = options.guard.cookieFor((form.get('token') ?? '').trim());
  if (cookie === undefined) return login('/', options, 'That is not the token.');
  return { status: 303, text: '', headers: { location: '/', 'set-cookie': cookie } };
}

function asset(assets: ReadonlyMap<string, Asset>, name: string): Asset {
  const found = assets.get(name);
  if (found === undefined) throw new Error(`${name} is missing from the package`);
  return found;
}

function send({ method }: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status = 200, type = 'text/plain; charset=utf-8', text, headers = {} } = answer;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers });
  response.end(method === 'HEAD' ? undefined : text);
}
