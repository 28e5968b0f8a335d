import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { snapshotStore } from '../../src/backup/snapshot-store.js';
import { followMember } from '../../src/changelog/follow-member.js';
import { logStore, prepareLog } from '../../src/changelog/log-store.js';
import { LogWriter } from '../../src/changelog/log-writer.js';
import { Proofs } from '../../src/changelog/proofs.js';
import type { EtcdGateway, EtcdHeader } from '../../src/etcd/gateway.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { bytesField, framed, integerField, useGrpcServer } from '../etcd/grpc-server.js';

const serve = useGrpcServer();
let root: string;
let writer: LogWriter;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-member-'));
  const store = logStore(snapshotStore(stateDirAt(root)));
  await prepareLog(store);
  const origin = { clusterId: 'c1', etcdClusterId: '17', incarnation: 1, base: { id: '1-9', sha256: 'a' } };
  writer = await LogWriter.open({ store, origin, after: 9 });
});
afterEach(async () => {
  await writer.close();
  rmSync(root, { recursive: true, force: true });
});

/** A member that is told what to say, a clock that stands, and ticks that come when they are wanted. */
async function following() {
  let nowMs = 0;
  let tick = (): void => {};
  let stream: ServerHttp2Stream | undefined;
  const reads: ((revision: string | undefined) => void)[] = [];
  const proven: number[] = [];
  const waiting: (() => void)[] = [];
  const server = await serve((opened) => {
    stream = opened;
  });
  const gateway = {
    linearizableRead: () =>
      new Promise<EtcdHeader>((resolve, reject) => {
        reads.push((revision) =>
          revision ? resolve({ clusterId: '17', revision } as EtcdHeader) : reject(new Error('no answer')),
        );
      }),
  } as unknown as EtcdGateway;
  const life = new AbortController();
  const followed = followMember({
    gateway,
    server,
    etcdClusterId: '17',
    writer,
    proofs: new Proofs(),
    clock: {
      now: () => nowMs,
      monotonicMs: () => nowMs,
      sleep: async () => {},
      every(_ms, given) {
        tick = given;
        return () => {};
      },
    },
    onProven(atMs) {
      proven.push(atMs);
      waiting.shift()?.();
    },
    signal: life.signal,
  });
  followed.catch(() => undefined);
  return {
    followed,
    proven,
    reads,
    passes(ms: number) {
      nowMs += ms;
      tick();
    },
    async says(revision: number) {
      while (stream === undefined) await new Promise((resolve) => setImmediate(resolve));
      const header = bytesField(1, Buffer.concat([integerField(1, 17), integerField(3, revision)]));
      const kv = Buffer.concat([bytesField(1, Buffer.from('key')), integerField(3, revision)]);
      stream.write(framed(Buffer.concat([header, bytesField(11, bytesField(2, kv))])));
    },
    nextProof: () => new Promise<void>((resolve) => waiting.push(resolve)),
    end: () => life.abort(new Error('ended')),
  };
}

test('all is known up to the moment a quorum was asked, once its revision is on the disk', async () => {
  const member = await following();
  const first = member.nextProof();
  member.reads[0]?.('9');
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  member.passes(500);
  member.passes(500);
  // One at a time: the second asks nothing.
  expect(member.reads).toHaveLength(2);
  member.reads[1]?.('10');
  const second = member.nextProof();
  await member.says(10);
  await second;
  expect([member.proven, writer.synced]).toEqual([[0, 500], 10]);
  member.end();
  await expect(member.followed).rejects.toThrow('ended');
});

test('a member that proves nothing for three seconds is left, however lively its watch', async () => {
  const member = await following();
  const first = member.nextProof();
  member.reads[0]?.('9');
  await first;
  await member.says(10);
  member.passes(3_000);
  member.reads[1]?.(undefined);
  member.passes(1);
  await expect(member.followed).rejects.toMatchObject({ code: 'log-lagging', host: 's4' });
});

test('one that catches up is given the time for it', async () => {
  const member = await following();
  member.reads[0]?.('11');
  await member.says(10);
  member.passes(9_000);
  const first = member.nextProof();
  await member.says(11);
  await first;
  expect(member.proven).toEqual([0]);
  member.end();
});

test('a hole ends it, and what was before it stays', async () => {
  const member = await following();
  await member.says(10);
  await member.says(12);
  await expect(member.followed).rejects.toMatchObject({ code: 'log-hole' });
  expect(writer.position).toBe(10);
});
