import { describe, expect, test } from 'vitest';
import { plan, WITH_MACS } from '../fixture.js';
import { ask, askRaw, INITRD_SIZE, KERNEL, serving } from './serving.js';

const KERNEL_PATH = '/images/flatcar/vmlinuz';
const INITRD_PATH = '/images/flatcar/initrd.cpio.gz';

describe('what is served', () => {
  test('scripts and Ignition, with their types and lengths', async () => {
    const { port, resources } = await serving();
    for (const name of ['boot.ipxe', 'mac-52-54-00-00-00-04.ipxe', 's4.ign']) {
      const { status, headers, body } = await ask(port, `/${name}`);
      const resource = resources.all.find((each) => each.name === name);
      expect(status).toBe(200);
      expect(headers['content-length']).toBe(String(body.length));
      expect(headers['content-type']).toBe(name.endsWith('.ign') ? 'application/json' : 'text/plain; charset=utf-8');
      expect(body).toEqual(resource?.body);
    }
    expect(JSON.parse((await ask(port, '/s4.ign')).body.toString()).ignition.version).toBe('3.3.0');
  });

  test('images, whole', async () => {
    const { port } = await serving();
    const { status, headers, body } = await ask(port, KERNEL_PATH);
    expect(status).toBe(200);
    expect(body.equals(KERNEL)).toBe(true);
    expect(headers).toMatchObject({
      'content-length': String(KERNEL.length),
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      'cache-control': 'no-cache',
    });
    expect((await ask(port, INITRD_PATH)).body.length).toBe(INITRD_SIZE);
  });

  test('HEAD tells the same, without a body', async () => {
    const { port, events } = await serving();
    const { status, headers, body } = await ask(port, INITRD_PATH, { method: 'HEAD' });
    expect({ status, length: headers['content-length'], body: body.length }).toEqual({
      status: 200,
      length: String(INITRD_SIZE),
      body: 0,
    });
    expect(events.at(-1)).toMatchObject({ type: 'transfer-finished', outcome: 'done', sent: 0 });
  });

  test('a query and a proxy’s whole URL make no difference', async () => {
    const { port } = await serving();
    expect((await ask(port, '/boot.ipxe?mac=52-54')).status).toBe(200);
    expect(await askRaw(port, 'GET http://boot.lab/s4.ign HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('below the path of the boot URL, and nowhere else', async () => {
    const { port } = await serving({ plan: plan({ url: 'http://10.0.0.1:8080/lab/boot' }) });
    expect((await ask(port, '/lab/boot/boot.ipxe')).status).toBe(200);
    expect((await ask(port, '/lab/boot/mac-52-54-00-00-00-99.ipxe')).status).toBe(200);
    expect((await ask(port, '/boot.ipxe')).status).toBe(404);
    expect((await ask(port, '/mac-52-54-00-00-00-99.ipxe')).status).toBe(404);
  });
});

describe('parts of an image', () => {
  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=1000-1999', 1000, 2000],
    ['bytes=299999-', 299_999, 300_000],
    ['bytes=-10', 299_990, 300_000],
  ])('%s', async (range, start, end) => {
    const { port } = await serving();
    const { status, headers, body } = await ask(port, KERNEL_PATH, { headers: { range } });
    expect(status).toBe(206);
    expect(body.equals(KERNEL.subarray(start, end))).toBe(true);
    expect(headers['content-range']).toBe(`bytes ${start}-${end - 1}/${KERNEL.length}`);
    expect(headers['content-length']).toBe(String(end - start));
  });

  test('of a script as well', async () => {
    const { port } = await serving();
    expect((await ask(port, '/boot.ipxe', { headers: { range: 'bytes=0-5' } })).body.toString()).toBe('#!ipxe');
  });

  test('beyond the end', async () => {
    const { port } = await serving();
    const { status, headers, body } = await ask(port, KERNEL_PATH, { headers: { range: 'bytes=300000-' } });
    expect({ status, range: headers['content-range'], body: body.length }).toEqual({
      status: 416,
      range: 'bytes */300000',
      body: 0,
    });
  });

  test('of another version the whole', async () => {
    const { port } = await serving();
    const { headers } = await ask(port, KERNEL_PATH, { method: 'HEAD' });
    const range = 'bytes=0-9';
    const part = await ask(port, KERNEL_PATH, { headers: { range, 'if-range': headers.etag ?? '' } });
    expect(part.status).toBe(206);
    const whole = await ask(port, KERNEL_PATH, { headers: { range, 'if-range': '"another"' } });
    expect({ status: whole.status, length: whole.body.length }).toEqual({ status: 200, length: KERNEL.length });
  });

  test('what the client has is not sent again', async () => {
    const { port } = await serving();
    const { headers } = await ask(port, INITRD_PATH, { method: 'HEAD' });
    expect(headers.etag).toBe(`"${'ab'.repeat(32)}"`);
    const known = await ask(port, INITRD_PATH, { headers: { 'if-none-match': headers.etag ?? '' } });
    expect({ status: known.status, body: known.body.length, etag: known.headers.etag }).toEqual({
      status: 304,
      body: 0,
      etag: headers.etag,
    });
    const since = await ask(port, INITRD_PATH, { headers: { 'if-modified-since': headers['last-modified'] ?? '' } });
    expect(since.status).toBe(304);
  });
});

describe('who asks', () => {
  test('is known from the script of the MAC address on', async () => {
    const { port, finished: ended } = await serving();
    for (const path of ['/boot.ipxe', '/mac-52-54-00-00-00-04.ipxe', KERNEL_PATH, '/s4.ign']) await ask(port, path);
    const address = '127.0.0.1';
    const s4 = { address, host: 's4', mac: '52:54:00:00:00:04' };
    const finished = (await ended(4)).toSorted((a, b) => a.id - b.id);
    expect(finished).toMatchObject([
      { id: 1, stage: 'entry', file: 'boot.ipxe', address },
      { id: 2, stage: 'script', ...s4 },
      { id: 3, stage: 'kernel', ...s4, sent: KERNEL.length, bytes: KERNEL.length, status: 200, outcome: 'done' },
      { id: 4, stage: 'ignition', ...s4 },
    ]);
    expect(finished[0]).not.toHaveProperty('host');
  });

  test('is known as well when it begins again, with the first script', async () => {
    const { port, finished } = await serving();
    for (const path of ['/mac-52-54-00-00-00-04.ipxe', '/boot.ipxe']) await ask(port, path);
    const again = (await finished(2)).find(({ file }) => file === 'boot.ipxe');
    expect(again).toMatchObject({ stage: 'entry', host: 's4', mac: '52:54:00:00:00:04', address: '127.0.0.1' });
  });

  test('a stranger is told what to do, where every host is known', async () => {
    const { port, events, finished } = await serving();
    const { status, body } = await ask(port, '/mac-52-54-00-00-00-99.ipxe');
    expect(status).toBe(200);
    expect(body.toString()).toContain('does not know this machine');
    const stranger = { address: '127.0.0.1', mac: '52:54:00:00:00:99' };
    expect(events[0]).toEqual({ type: 'unknown-machine', ...stranger });
    expect(await finished(1)).toMatchObject([{ file: 'default.ipxe', ...stranger }]);
  });

  test('and boots as any machine, where a host has no address', async () => {
    const { port, events, finished } = await serving({ plan: plan({ hosts: [...WITH_MACS, { name: 's6' }] }) });
    const { body } = await ask(port, '/mac-52-54-00-00-00-99.ipxe');
    expect(body.toString()).toContain('/default.ign');
    expect(await finished(1)).toMatchObject([{ mac: '52:54:00:00:00:99', stage: 'script' }]);
    expect(events.some(({ type }) => type === 'unknown-machine')).toBe(false);
  });
});

describe('nothing else can be read', () => {
  const PATHS = [
    '/',
    '/dnsmasq.conf',
    '/etc/passwd',
    '//etc/passwd',
    '/../../../../etc/passwd',
    '/images/../s4.ign',
    '/images/..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/images/flatcar/',
    '/images/flatcar/vmlinuz/',
    '/IMAGES/flatcar/vmlinuz',
    '/images/flatcar/vmlinuz%00.ign',
    '/__proto__',
    '/constructor',
    '/mac-52-54-00-00-00-0g.ipxe',
    '/x/mac-52-54-00-00-00-04.ipxe',
    '*',
  ];
  test.each(PATHS)('%s', async (path) => {
    const { port, events } = await serving();
    const answer = await askRaw(port, `GET ${path} HTTP/1.0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n.*\r\n\r\nnot found\n$/s);
    expect(events).toMatchObject([{ type: 'request-refused', status: 404, address: '127.0.0.1' }]);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s', async (method) => {
    const { port, events } = await serving();
    const { status, headers } = await ask(port, '/boot.ipxe', { method });
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, HEAD' });
    expect(events).toMatchObject([{ type: 'request-refused', status: 405, path: '/boot.ipxe' }]);
  });

  test.each([
    'nonsense\r\n\r\n',
    'GET ..\\s4.ign HTTP/1.0\r\n\r\n',
    'GET boot.ipxe HTTP/1.0\r\n\r\n',
    'GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nX: \u0001\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\n\r\n',
  ])('%j ends the connection and nothing more', async (text) => {
    const { port } = await serving();
    expect(await askRaw(port, text)).not.toMatch(/200/);
    expect((await ask(port, '/boot.ipxe')).status).toBe(200);
  });
});
