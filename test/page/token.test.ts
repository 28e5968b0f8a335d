import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PageAccess } from '../../src/page/page-access.js';
import type { Page } from '../../src/page/start-page.js';
import { createTestPki } from '../helpers/test-pki.js';
import { samplePage } from './helpers.js';

const TOKEN = '0123456789abcdef0123456789abcdef';
const FORM = 'application/x-www-form-urlencoded';

let access: PageAccess;
let ca: string;
let page: Page;

beforeAll(async () => {
  const identity = await (await createTestPki()).issue('page');
  ca = identity.ca;
  // As on another address than loopback; bound to it all the same.
  access = { isLoopback: false, token: TOKEN, tls: { cert: identity.cert, key: identity.key } };
});

afterEach(() => page.close());

interface Asked {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function ask({
  path = '/',
  method = 'GET',
  headers = {},
  body,
}: Asked): Promise<IncomingMessage & { text: string }> {
  const sent = request(new URL(path, page.url), { method, headers, ca, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  if (response.headers['content-type'] !== 'text/event-stream') for await (const chunk of response) text += chunk;
  return Object.assign(response, { text });
}

const open = async (): Promise<void> => {
  page = await samplePage({ access });
};
const sendForm = (body: string, headers: Record<string, string> = {}) =>
  ask({ path: '/session', method: 'POST', headers: { 'content-type': FORM, ...headers }, body });
const cookieOf = ({ headers }: IncomingMessage): string => headers['set-cookie']?.[0]?.split(';')[0] ?? '';

describe('without the token', () => {
  it.each([
    '/api/v1/status',
    '/api/v1/events',
    '/metrics',
    '/page.js',
    '/page.css',
    '/icon.svg',
    '/index.html',
    '/nowhere',
  ])('%s is not told', async (path) => {
    await open();
    const tried: Record<string, string>[] = [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Basic ${TOKEN}` },
      { cookie: `__Host-k8s-diskless=${TOKEN}` },
    ];
    for (const headers of tried) {
      const answer = await ask({ path, headers });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
      expect(answer.text).toBe('the token is missing or wrong\n');
    }
    expect((await ask({ path: `${path}?token=${TOKEN}` })).statusCode).toBe(401);
  });

  it('the page is a form that tells nothing of the cluster', async () => {
    await open();
    const answer = await ask({});
    expect(answer.statusCode).toBe(401);
    expect(answer.text).toContain('<form method="post" action="/session">');
    expect(answer.text).not.toMatch(/>lab<|s[456]|1\.37/);
    expect((await ask({ path: '/login.css' })).statusCode).toBe(200);
  });

  it('/healthz answers', async () => {
    await open();
    expect((await ask({ path: '/healthz' })).text).toBe('ok\n');
  });
});

describe('with it', () => {
  it.each(['/', '/api/v1/status', '/metrics', '/page.js'])('a program reads %s', async (path) => {
    await open();
    const answer = await ask({ path, headers: { authorization: `Bearer ${TOKEN}` } });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('a browser trades it for a cookie that no script and no other page gets at', async () => {
    await open();
    const answer = await sendForm(`token=${TOKEN}`);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe('/');
    expect(answer.headers['set-cookie']).toHaveLength(1);
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      /^__Host-k8s-diskless=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(cookie).not.toContain(TOKEN);
    for (const path of ['/', '/api/v1/status', '/metrics']) {
      expect((await ask({ path, headers: { cookie: `a=b; ${cookieOf(answer)}` } })).statusCode).toBe(200);
    }
    expect(cookieOf(await sendForm(`token=${TOKEN}`))).not.toBe(cookieOf(answer));
  });

  it('a cookie of another life is worth nothing', async () => {
    await open();
    const cookie = cookieOf(await sendForm(`token=${TOKEN}`));
    await page.close();
    await open();
    expect((await ask({ headers: { cookie } })).statusCode).toBe(401);
  });

  it('a stream of events is ended with the page, also inside TLS', async () => {
    await open();
    const answer = await ask({ path: '/api/v1/events', headers: { authorization: `Bearer ${TOKEN}` } });
    expect(answer.statusCode).toBe(200);
    const ended = once(answer.resume(), 'end');
    await page.close();
    await ended;
  });
});

describe('the form', () => {
  it.each(['token=wrong', 'token=', 'nothing', `token=${TOKEN}x`, ''])('%j: the form again', async (body) => {
    await open();
    const answer = await sendForm(body);
    expect(answer.statusCode).toBe(401);
    expect(answer.text).toContain('That is not the token.');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('of another page is refused, with the right token, too', async () => {
    await open();
    for (const origin of ['https://evil.example', 'null']) {
      expect((await sendForm(`token=${TOKEN}`, { origin })).statusCode).toBe(403);
    }
    const own = { origin: 'null', 'sec-fetch-site': 'same-origin' };
    expect((await sendForm(`token=${TOKEN}`, own)).statusCode).toBe(303);
  });

  it('what is no form, or longer than any', async () => {
    await open();
    const json = { 'content-type': 'application/json' };
    expect((await sendForm(`{"token":"${TOKEN}"}`, json)).statusCode).toBe(400);
    expect((await sendForm(`token=${'x'.repeat(10_000)}`)).statusCode).toBe(400);
  });

  it('is the only thing that is sent here', async () => {
    await open();
    const answer = await ask({ path: '/session', headers: { authorization: `Bearer ${TOKEN}` }, method: 'PUT' });
    expect(answer.headers.allow).toBe('POST');
    expect((await ask({ path: '/api/v1/status', method: 'POST' })).statusCode).toBe(405);
  });
});

it('who does not speak TLS is not answered, and one that says nothing holds up no end', async () => {
  await open();
  const { hostname, port } = new URL(page.url);
  const plain = connect(Number(port), hostname);
  plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  let text = '';
  for await (const chunk of plain) text += chunk;
  expect(text).not.toContain('html');
  const silent = connect(Number(port), hostname)
    .on('error', () => undefined)
    .resume();
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  await page.close();
  await closed;
});
