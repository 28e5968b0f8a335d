import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Page } from '../../src/page/start-page.js';
import { startPage } from '../../src/page/start-page.js';
import { ask, LOOPBACK, samplePage } from './helpers.js';
import { NOW, sampleSource, sampleState } from './sample-state.js';

let page: Page | undefined;
afterEach(async () => {
  await page?.close();
  page = undefined;
});

const open = async (): Promise<string> => {
  page = await samplePage({});
  return page.url;
};

describe('what is answered', () => {
  it.each([
    ['', 'text/html; charset=utf-8', '<title>lab</title>'],
    ['page.js', 'text/javascript; charset=utf-8', 'EventSource'],
    ['page.css', 'text/css; charset=utf-8', 'prefers-color-scheme'],
    ['icon.svg', 'image/svg+xml', '<svg'],
    ['healthz', 'text/plain; charset=utf-8', 'ok'],
    ['metrics', 'text/plain; version=0.0.4; charset=utf-8', 'k8s_diskless_nodes 3'],
    ['api/v1/status', 'application/json', '"incarnation":4'],
  ])('/%s', async (path, type, part) => {
    const answer = await fetch((await open()) + path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(type);
    expect(await answer.text()).toContain(part);
  });

  it('the document of status, with what serve knows beside it', async () => {
    const { status, ...serve } = sampleState();
    const document = await (await fetch(`${await open()}api/v1/status`)).json();
    expect(document).toEqual({ ...status?.document, takenAt: status?.takenAt, serve });
  });

  it('a page before anybody looked at the cluster', async () => {
    const source = sampleSource({ epochs: [], snapshots: [], runs: [], events: [] });
    page = await samplePage({ source });
    expect((await fetch(`${page.url}api/v1/status`)).status).toBe(503);
    expect(await (await fetch(page.url)).text()).toContain('Nobody has looked at the cluster yet');
    expect(await (await fetch(`${page.url}metrics`)).text()).not.toContain('k8s_diskless_nodes');
  });

  it('without JavaScript: a table, in which foreign text is no markup', async () => {
    const state = sampleState();
    const [node] = state.status?.document.nodes ?? [];
    if (node)
      Object.assign(node, { name: '<img src=x onerror=alert(1)>', unreached: '"><script>x</script> $& <!--title-->' });
    page = await samplePage({ source: sampleSource(state) });
    const text = await (await fetch(page.url)).text();
    expect(text).toContain('<td>&lt;img src=x onerror=alert(1)&gt;</td>');
    expect(text).toContain('&quot;&gt;&lt;script&gt;x&lt;/script&gt; $&amp; &lt;!--title--&gt;');
    expect(text).not.toContain('<img');
  });

  it('says to browsers that nothing comes from elsewhere, and that nothing is kept or let out', async () => {
    const url = await open();
    for (const path of ['', 'page.js', 'api/v1/status', 'metrics', 'healthz', 'nowhere']) {
      const { headers } = await fetch(url + path);
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it('HEAD: the same without a body', async () => {
    const url = await open();
    for (const path of ['', 'api/v1/status', 'api/v1/events']) {
      const answer = await fetch(url + path, { method: 'HEAD' });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('');
    }
  });
});

describe('what is refused', () => {
  it.each(['nowhere', 'index.html', 'login.html', '../package.json', '%2e%2e/package.json', 'api/v1'])(
    '/%s is not there',
    async (path) => {
      const { hostname, port } = new URL(await open());
      const answer = await ask(`http://${hostname}:${port}`, {}, `/${path}`);
      expect(answer.resume().statusCode).toBe(404);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s: the page has no action', async (method) => {
    const answer = await fetch(await open(), { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });

  it.each(['evil.example', 'evil.example:8400', '127.0.0.1.evil.example', '10.0.0.1', 'not a name'])(
    'a request for the host "%s", whose name was made to mean this machine',
    async (host) => {
      const url = await open();
      for (const path of ['', 'api/v1/status', 'api/v1/events', 'metrics', 'page.js']) {
        const answer = await ask(url + path, { host });
        expect(answer.resume().statusCode).toBe(403);
      }
    },
  );

  it.each(['localhost', 'localhost:9000', '127.0.0.1', '127.0.0.1:1', '[::1]:8400', 'LOCALHOST'])(
    'not one for %s, through a tunnel or not',
    async (host) => {
      const answer = await ask(await open(), { host });
      expect(answer.resume().statusCode).toBe(200);
    },
  );

  it('what another page asks for', async () => {
    const url = await open();
    const { host, origin } = new URL(url);
    for (const [from, status] of [
      [origin, 200],
      ['https://evil.example', 403],
      ['null', 403],
      ['nonsense', 403],
    ] as const) {
      const answer = await ask(`${url}api/v1/status`, { host, origin: from });
      expect(answer.resume().statusCode).toBe(status);
    }
  });
});

describe('an address that cannot be had', () => {
  it('a port that is taken, with how to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const options = { source: sampleSource(), access: LOOPBACK, wallClock: () => NOW };
    await expect(startPage({ ...options, listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
      code: 'cannot-listen',
      exit: 2,
      message: `cannot listen on 127.0.0.1:${port}: something else listens there already`,
      hint: expect.stringContaining('--page-listen'),
    });
    other.close();
  });

  it('one of another machine', async () => {
    const options = { source: sampleSource(), access: LOOPBACK, wallClock: () => NOW };
    await expect(startPage({ ...options, listen: { host: '192.0.2.1', port: 8400 } })).rejects.toMatchObject({
      code: 'cannot-listen',
    });
  });
});
