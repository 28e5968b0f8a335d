import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BootImage } from '../../../src/boot/images/image-set.js';
import { type BootPlan, renderBoot } from '../../../src/boot/render.js';
import type { BootEventBody } from '../../../src/boot/server/boot-events.js';
import { type BootServer, startBootServer } from '../../../src/boot/server/boot-server.js';
import { bootResources, type Resources } from '../../../src/boot/server/resources.js';
import { temporaryDirectory } from '../../artifacts/fixtures.js';
import { plan } from '../fixture.js';

export const KERNEL = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
/** More than sockets hold between two processes of one machine, and no space on disk. */
export const INITRD_SIZE = 64 * 1024 * 1024;

export interface Serving {
  server: BootServer;
  resources: Resources;
  events: BootEventBody[];
  /** Resolves with the first event, past or to come, that passes. */
  event: <Type extends BootEventBody['type']>(
    type: Type,
    passes?: (event: Extract<BootEventBody, { type: Type }>) => boolean,
  ) => Promise<Extract<BootEventBody, { type: Type }>>;
  /** The first so many transfers that came to an end: a client knows of it before the server does. */
  finished: (count: number) => Promise<Extract<BootEventBody, { type: 'transfer-finished' }>[]>;
  images: { kernel: string; initrd: string };
  port: number;
}

interface Given {
  plan?: BootPlan;
  idleTimeoutMs?: number;
  initrdSize?: number;
}

/** A boot server on loopback with a small kernel and a large initrd; gone after the test. */
export async function serving(options: Given = {}): Promise<Serving> {
  const { plan: given = plan(), idleTimeoutMs, initrdSize = INITRD_SIZE } = options;
  const directory = temporaryDirectory();
  const images = { kernel: join(directory, 'kernel'), initrd: join(directory, 'initrd') };
  writeFileSync(images.kernel, KERNEL);
  writeFileSync(images.initrd, '');
  await truncate(images.initrd, initrdSize);
  const set: BootImage[] = [
    { role: 'kernel', name: 'flatcar/vmlinuz', path: images.kernel, size: KERNEL.length },
    { role: 'initrd', name: 'flatcar/initrd.cpio.gz', path: images.initrd, size: initrdSize, sha256: 'ab'.repeat(32) },
  ];
  const files = renderBoot(given);
  const resources = await bootResources({ url: given.url, files, images: set, now: new Date() });
  const events: BootEventBody[] = [];
  const watchers = new Set<() => void>();
  const server = await startBootServer({
    resources,
    listen: { host: '127.0.0.1', port: 0 },
    emit: (event) => {
      events.push(event);
      for (const look of [...watchers]) look();
    },
    monotonicMs: () => performance.now(),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
  });
  onTestFinished(() => void server.close());
  const event: Serving['event'] = (type, passes = () => true) =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = events.find(
          (each): each is Extract<BootEventBody, { type: typeof type }> => each.type === type && passes(each as never),
        );
        if (!found) return;
        watchers.delete(look);
        resolve(found);
      };
      watchers.add(look);
      look();
    });
  const finished: Serving['finished'] = async (count) => {
    const ended = () => events.flatMap((each) => (each.type === 'transfer-finished' ? [each] : []));
    await event('transfer-finished', () => ended().length >= count);
    return ended();
  };
  return { server, resources, events, event, finished, images, port: server.address.port };
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
}

/** One request on a connection of its own. */
export async function ask(port: number, path: string, { method = 'GET', headers = {} }: Asked = {}): Promise<Answer> {
  const request = http.request({ host: '127.0.0.1', port, path, method, headers, agent: false });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** What the server answers to these very bytes, until it closes the connection. */
export async function askRaw(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** A machine that asks for a file and reads nothing of it. */
export function askWithoutReading(port: number, path: string): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}
