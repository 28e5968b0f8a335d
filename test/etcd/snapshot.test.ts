import type { ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import type { GrpcServer } from '../../src/etcd/grpc.js';
import { snapshotOf } from '../../src/etcd/snapshot.js';
import { bytesField, framed, integerField, useGrpcServer } from './grpc-server.js';

/* A server that does what etcd does not on demand: cut the stream anywhere, send for ever, stand still. */

const serve = useGrpcServer();

const part = (blob: Buffer, remaining: number): Buffer =>
  framed(Buffer.concat([...(remaining > 0 ? [integerField(2, remaining)] : []), bytesField(3, blob)]));

const BLOBS = [Buffer.alloc(40_000, 'a'), Buffer.alloc(40_000, 'b'), Buffer.alloc(20_000, 'c')];
const HASH = Buffer.alloc(32, 'h');
/** As etcd sends it: `remaining_bytes` is 0 on the last part of the database, and the hash comes after. */
const WHOLE = Buffer.concat([
  ...BLOBS.map((blob, index) =>
    part(
      blob,
      BLOBS.slice(index + 1).reduce((sum, { length }) => sum + length, 0),
    ),
  ),
  part(HASH, 0),
]);
const OK = { 'grpc-status': '0' };

const ends = (stream: ServerHttp2Stream, trailers: Record<string, string>): void => {
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end();
};

async function taken(target: GrpcServer, options: { stallMs?: number; signal?: AbortSignal } = {}): Promise<Buffer> {
  const parts: Buffer[] = [];
  const { signal = new AbortController().signal } = options;
  for await (const blob of snapshotOf({ ...options, server: target, signal })) parts.push(Buffer.from(blob));
  return Buffer.concat(parts);
}

test('all parts in their order, and the hash that comes after nothing remains', async () => {
  const target = await serve((stream) => {
    // Chunks that end within prefixes and messages.
    for (let at = 0; at < WHOLE.length; at += 9_973) stream.write(WHOLE.subarray(at, at + 9_973));
    ends(stream, OK);
  });
  expect(await taken(target)).toEqual(Buffer.concat([...BLOBS, HASH]));
});

describe('a stream that is not a whole snapshot', () => {
  const boundaries = [0, 3, 5, 40_020, 80_050, WHOLE.length - 38, WHOLE.length - 1];

  test.each(boundaries)('cut after %i bytes, with a proper end', async (length) => {
    const target = await serve((stream) => {
      stream.write(WHOLE.subarray(0, length));
      ends(stream, OK);
    });
    await expect(taken(target)).rejects.toMatchObject({ code: expect.stringMatching(/-cut$|-connection-lost$/) });
  });

  test.each([...boundaries, WHOLE.length])('the connection gone after %i bytes', async (length) => {
    const target = await serve((stream) => {
      stream.write(WHOLE.subarray(0, length), () => stream.session?.destroy());
    });
    await expect(taken(target)).rejects.toMatchObject({ code: 'etcd-connection-lost', host: 's4' });
  });

  test('more than was announced', async () => {
    const target = await serve((stream) => {
      stream.write(Buffer.concat([WHOLE, part(HASH, 0)]));
      ends(stream, OK);
    });
    await expect(taken(target)).rejects.toMatchObject({ code: 'etcd-snapshot-cut' });
  });

  test('empty parts for ever, as etcd sends when it cannot read its database', async () => {
    const target = await serve((stream) => {
      stream.write(part(BLOBS[0] as Buffer, 60_000));
      const more = setInterval(() => stream.write(part(Buffer.alloc(0), 60_000)), 5);
      stream.once('close', () => clearInterval(more));
    });
    await expect(taken(target, { stallMs: 200 })).rejects.toMatchObject({ code: 'etcd-snapshot-stalled' });
  });

  test('nothing more', async () => {
    const target = await serve((stream) => void stream.write(WHOLE.subarray(0, 50_000)));
    await expect(taken(target, { stallMs: 200 })).rejects.toMatchObject({ code: 'etcd-snapshot-stalled' });
  });

  test('a refusal, in etcd’s own words', async () => {
    const target = await serve((stream) =>
      ends(stream, { 'grpc-status': '14', 'grpc-message': 'etcdserver: server stopped' }),
    );
    await expect(taken(target)).rejects.toMatchObject({
      code: 'etcd-unavailable',
      message: 'etcd of s4 refused a snapshot: etcdserver: server stopped',
    });
  });

  test('interrupted', async () => {
    const controller = new AbortController();
    const target = await serve(
      (stream) => void stream.write(WHOLE.subarray(0, 50_000), () => controller.abort('stop')),
    );
    await expect(taken(target, { signal: controller.signal })).rejects.toBe('stop');
  });
});
