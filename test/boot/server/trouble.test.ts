import { once } from 'node:events';
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { startBootServer } from '../../../src/boot/server/boot-server.js';
import { ask, askWithoutReading, INITRD_SIZE, KERNEL, serving } from './serving.js';

const KERNEL_PATH = '/images/flatcar/vmlinuz';
const INITRD_PATH = '/images/flatcar/initrd.cpio.gz';
const finished = 'transfer-finished' as const;

const MIB = 1024 * 1024;

/** A function that says how many bytes of buffers are in use, those that nobody needs any more not counted. */
function garbageCollector(): () => number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
}

function replaceWithTheSame(path: string): void {
  writeFileSync(`${path}.new`, KERNEL);
  renameSync(`${path}.new`, path);
}

describe('machines', () => {
  test('many at once, each gets all of it', async () => {
    const { port, finished: ended } = await serving();
    const bodies = await Promise.all(Array.from({ length: 40 }, () => ask(port, KERNEL_PATH)));
    expect(bodies.every(({ body }) => body.equals(KERNEL))).toBe(true);
    expect(new Set((await ended(40)).map(({ id }) => id)).size).toBe(40);
  });

  test('many that take nothing more are given up, and hold two megabytes each at most', async () => {
    const collectGarbage = garbageCollector();
    const { port, events } = await serving({ idleTimeoutMs: 1_500, initrdSize: 300 * MIB });
    const before = collectGarbage();
    for (let n = 0; n < 40; n++) askWithoutReading(port, INITRD_PATH);
    const outcomes = () => events.flatMap((event) => (event.type === finished ? [event.outcome] : []));
    let most = 0;
    while (outcomes().length < 40) {
      await sleep(100);
      most = Math.max(most, collectGarbage() - before);
    }
    expect(new Set(outcomes())).toEqual(new Set(['stalled']));
    expect(most).toBeLessThan(40 * 2 * MIB);
  });

  test('one that takes a little all the time gets all of it, however long that is', async () => {
    const idleTimeoutMs = 2_500;
    const initrdSize = 300 * MIB;
    const { port, event } = await serving({ idleTimeoutMs, initrdSize });
    const socket = askWithoutReading(port, INITRD_PATH);
    await once(socket, 'connect');
    const slowUntil = performance.now() + 2 * idleTimeoutMs;
    let received = 0;
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      received += (chunk as Buffer).length;
      if (received >= initrdSize) break;
      if (performance.now() < slowUntil) await sleep(4);
    }
    const { outcome, sent, durationMs } = await event(finished);
    expect({ outcome, sent }).toEqual({ outcome: 'done', sent: initrdSize });
    expect(durationMs).toBeGreaterThan(1.5 * idleTimeoutMs);
  });

  test('one that takes nothing more is given up', async () => {
    const { port, event } = await serving({ idleTimeoutMs: 300 });
    const socket = askWithoutReading(port, INITRD_PATH);
    const { outcome, sent, bytes } = await event(finished);
    expect({ outcome, bytes }).toEqual({ outcome: 'stalled', bytes: INITRD_SIZE });
    // What the kernel took into its buffers, and a chunk or two of ours.
    expect(sent).toBeLessThan(INITRD_SIZE / 2);
    socket.destroy();
  });

  test('one that asks for nothing is given up as well', async () => {
    const { port, events } = await serving({ idleTimeoutMs: 200 });
    const socket = net.connect(port, '127.0.0.1');
    socket.resume();
    await once(socket, 'close');
    expect(events).toEqual([]);
  });

  test('one that hangs up in the middle', async () => {
    const { port, event } = await serving();
    const request = http.get({ host: '127.0.0.1', port, path: INITRD_PATH, agent: false });
    request.on('error', () => {});
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    request.destroy();
    const { outcome, sent, reason } = await event(finished);
    expect({ outcome, reason }).toEqual({ outcome: 'aborted', reason: undefined });
    expect(sent).toBeLessThan(INITRD_SIZE);
    expect((await ask(port, '/boot.ipxe')).status).toBe(200);
  });
});

describe('images that change under the server', () => {
  test.each([
    ['gone', rmSync],
    ['replaced', replaceWithTheSame],
    ['longer', (path: string) => appendFileSync(path, 'x')],
  ])('%s: refused, with the reason', async (_title, change) => {
    const { port, images, events } = await serving();
    change(images.kernel);
    const { status, body } = await ask(port, KERNEL_PATH);
    expect(status).toBe(500);
    expect(body.toString()).toContain('images/flatcar/vmlinuz has changed on disk');
    expect(events.at(-1)).toMatchObject({
      type: finished,
      status: 500,
      outcome: 'failed',
      sent: 0,
      reason: expect.stringContaining('has changed on disk'),
    });
  });

  test('cut while it is sent: the connection breaks, so that nobody takes a part for the whole', async () => {
    const { port, images, event } = await serving();
    const socket = askWithoutReading(port, INITRD_PATH);
    await event('transfer-started');
    // The head has been sent: the file is open, and what the client's buffers hold is under way.
    socket.once('readable', () => truncateSync(images.initrd, 1024 * 1024));
    await once(socket, 'readable');
    let received = 0;
    for await (const chunk of socket) received += (chunk as Buffer).length;
    expect(received).toBeLessThan(INITRD_SIZE);
    expect(await event(finished)).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('ended early') });
  });
});

describe('an end in good order', () => {
  test('transfers under way come through, others are not taken', async () => {
    const { server, port, event } = await serving();
    const request = http.get({ host: '127.0.0.1', port, path: INITRD_PATH });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const closed = server.close();
    expect(await event('stopping')).toEqual({ type: 'stopping', transfers: 1 });
    await expect(ask(port, '/boot.ipxe')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    let received = 0;
    for await (const chunk of response) received += (chunk as Buffer).length;
    expect(received).toBe(INITRD_SIZE);
    await closed;
    expect(await event(finished)).toMatchObject({ outcome: 'done' });
  });

  test('a connection kept open for more does not hold it up', async () => {
    const { server, port, event } = await serving({ idleTimeoutMs: 600_000 });
    const agent = new http.Agent({ keepAlive: true });
    const request = http.get({ host: '127.0.0.1', port, path: '/boot.ipxe', agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    await event(finished);
    await server.close();
    agent.destroy();
  });

  test.each(['', 'GET /boot.ip'])('nor does one that has asked for nothing yet (%j)', async (text) => {
    const { server, port } = await serving({ idleTimeoutMs: 600_000 });
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(text);
    await once(socket, 'connect');
    // Answered after that connection was accepted.
    await ask(port, '/boot.ipxe');
    const gone = once(socket.resume(), 'close');
    await server.close();
    await gone;
  });
});

describe('an address that cannot be had', () => {
  const start = (host: string, port: number) =>
    startBootServer({
      resources: { all: [], find: () => undefined },
      listen: { host, port },
      emit: () => {},
      monotonicMs: () => 0,
    });

  test('a port in use', async () => {
    const { port } = await serving();
    await expect(start('127.0.0.1', port)).rejects.toMatchObject({
      code: 'cannot-listen',
      exit: 2,
      message: `cannot listen on 127.0.0.1:${port}: something else listens there already`,
      hint: expect.stringContaining('--listen'),
    });
  });

  test("another machine's address", async () => {
    await expect(start('203.0.113.77', 0)).rejects.toMatchObject({
      code: 'cannot-listen',
      exit: 2,
      message: expect.stringContaining('this machine has no such address'),
    });
  });
});
