import type { ServerHttp2Stream } from 'node:http2';
import { expect, test } from 'vitest';
import type { GrpcServer } from '../../src/etcd/grpc.js';
import { type WatchAnswer, watchAll } from '../../src/etcd/watch.js';
import { bytesField, framed, integerField, useGrpcServer } from './grpc-server.js';

const serve = useGrpcServer();
const CLUSTER = '17';

const header = (revision: number, cluster = 17): Buffer =>
  bytesField(1, Buffer.concat([integerField(1, cluster), integerField(3, revision)]));
const CREATED = integerField(3, 1);
const FRAGMENT = integerField(7, 1);
const put = (key: string, value: string, revision: number): Buffer =>
  bytesField(
    11,
    bytesField(
      2,
      Buffer.concat([bytesField(1, Buffer.from(key)), integerField(3, revision), bytesField(5, Buffer.from(value))]),
    ),
  );
const say = (stream: ServerHttp2Stream, ...parts: Buffer[]): void => void stream.write(framed(Buffer.concat(parts)));

interface Told {
  answers: string[];
  code: string | undefined;
}

/** @param enough answers, after which whoever watches leaves */
async function watched(server: GrpcServer, enough = Number.POSITIVE_INFINITY, ticks?: () => void): Promise<Told> {
  const { signal } = new AbortController();
  const answers: string[] = [];
  const every = (_ms: number, tick: () => void) => {
    ticks?.();
    for (let count = 0; ticks && count < 30; count++) setImmediate(tick);
    return () => {};
  };
  try {
    for await (const answer of watchAll({ server, from: 8, clusterId: CLUSTER, signal, every })) {
      answers.push(textOf(answer));
      if (answers.length === enough) break;
    }
    return { answers, code: undefined };
  } catch (error) {
    return { answers, code: (error as { code?: string }).code };
  }
}

const textOf = ({ revision, events }: WatchAnswer): string =>
  `${revision}: ${events.map((event) => `${event.revision} ${event.key}=${event.value}`).join(', ')}`;

test('parts of an answer are told as one, and that a watch was created is no word of progress', async () => {
  const server = await serve((stream) => {
    say(stream, header(20), CREATED);
    say(stream, header(9), FRAGMENT, put('z', '0', 7), put('a', '1', 8), put('b', '2', 9));
    say(stream, header(9), put('c', '3', 9));
    say(stream, header(9));
  });
  expect(await watched(server, 2)).toEqual({ answers: ['9: 8 a=1, 9 b=2, 9 c=3', '9: '], code: undefined });
});

test('what was cut between two parts is not told', async () => {
  const server = await serve((stream) => {
    say(stream, header(9), FRAGMENT, put('a', '1', 8));
    stream.end();
  });
  expect(await watched(server)).toMatchObject({ answers: [], code: expect.stringMatching(/^etcd-/) });
});

test.each([
  ['another cluster', [header(9, 18), CREATED], 'etcd-watch-foreign'],
  ['one that was put back', [header(6), CREATED], 'etcd-watch-behind'],
  ['what is compacted', [header(0), integerField(4, 1), integerField(5, 12)], 'etcd-watch-compacted'],
  ['a watch that is ended', [header(9), integerField(4, 1), bytesField(6, Buffer.from('why'))], 'etcd-watch-canceled'],
  ['nonsense', [Buffer.from([255, 255, 255])], 'etcd-watch-broken'],
])('%s has a code of its own', async (_what, parts, code) => {
  const server = await serve((stream) => say(stream, ...parts));
  expect(await watched(server)).toEqual({ answers: [], code });
});

test('silence ends it', async () => {
  const server = await serve(() => {});
  expect(await watched(server, 1, () => {})).toEqual({ answers: [], code: 'etcd-watch-silent' });
});
