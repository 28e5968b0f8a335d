import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { type StampedChunk, stampedChunks } from '../../src/http/stamped-chunks.js';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function fakeResponse(): { response: IncomingMessage; arrive: (text: string) => void; end: () => void } {
  const socket = new EventEmitter();
  const response = Object.assign(new Readable({ read: () => undefined }), { socket });
  return {
    response: response as unknown as IncomingMessage,
    arrive: (text) => {
      socket.emit('data');
      response.push(text);
    },
    end: () => response.push(null),
  };
}

async function collect(chunks: AsyncIterable<StampedChunk>): Promise<StampedChunk[]> {
  const all: StampedChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

test('a chunk carries the time of its arrival however late it is read', async () => {
  const { response, arrive, end } = fakeResponse();
  const chunks = stampedChunks({ response, explain: (error) => error });
  const times = [process.hrtime.bigint()];
  for (const text of ['one', 'two']) {
    arrive(text);
    await tick();
    times.push(process.hrtime.bigint());
  }
  end();
  const [one, two] = await collect(chunks);
  expect([one, two].map((chunk) => chunk?.bytes.toString())).toEqual(['one', 'two']);
  const stamps = [times[0], one?.receivedNs, times[1], two?.receivedNs, times[2]] as bigint[];
  expect(stamps.toSorted((a, b) => Number(a - b))).toEqual(stamps);
});

test('what arrived before a break is delivered before its error', async () => {
  const { response, arrive } = fakeResponse();
  const chunks = stampedChunks({ response, explain: (error) => ['explained', error] });
  arrive('one');
  await tick();
  const broken = new Error('reset');
  response.destroy(broken);
  const read: string[] = [];
  const run = async (): Promise<void> => {
    for await (const { bytes } of chunks) read.push(bytes.toString());
  };
  await expect(run()).rejects.toEqual(['explained', broken]);
  expect(read).toEqual(['one']);
});

test('a body that is cut short without an error is an error', async () => {
  const { response } = fakeResponse();
  const chunks = stampedChunks({ response, explain: (error) => error });
  response.destroy();
  await expect(collect(chunks)).rejects.toThrow('cut short');
});

test('an abort drops what was not read', async () => {
  const { response, arrive } = fakeResponse();
  const controller = new AbortController();
  const chunks = stampedChunks({ response, signal: controller.signal, explain: (error) => error });
  arrive('one');
  await tick();
  const reason = new Error('interrupted');
  controller.abort(reason);
  await expect(collect(chunks)).rejects.toBe(reason);
  expect(response.destroyed).toBe(true);
});
