import { DisklessError } from '../errors.js';
import { type GrpcServer, openGrpc } from './grpc.js';
import { ProtobufReader } from './protobuf.js';

export interface SnapshotOptions {
  server: GrpcServer;
  signal: AbortSignal;
  /** Without a byte for so long it is given up. Default 30 s. */
  stallMs?: number;
}

const STALL_MS = 30_000;
/** SHA-256 of all bytes before, at the end of each snapshot. */
const HASH_BYTES = 32;

interface Part {
  blob: Buffer;
  remaining: number;
}

/**
 * A member's database as of one moment, with its hash at the end, in parts of about 32 KiB. Of this member alone: it is
 * asked without `hasleader`, and answers without quorum and however far it is behind.
 *
 * `remaining_bytes` is 0 before the hash has come, and etcd drops the error of a database that it cannot read and sends
 * empty parts for ever (server/etcdserver/api/v3rpc/maintenance.go): so the first part tells how long the whole is, and
 * whatever is shorter, longer or stands still is none.
 *
 * @throws DisklessError `etcd-snapshot-cut`, `etcd-snapshot-stalled`, or another of `etcd-…`
 */
export async function* snapshotOf({
  server,
  signal,
  stallMs = STALL_MS,
}: SnapshotOptions): AsyncGenerator<Buffer, void, undefined> {
  const stall = new AbortController();
  const either = AbortSignal.any([signal, stall.signal]);
  const stalled = (): void => stall.abort(broken(server, 'stalled', `sent nothing of it for ${stallMs / 1000} s`));
  let timer = setTimeout(stalled, stallMs);
  let expected: number | undefined;
  let received = 0;
  try {
    const call = await openGrpc(server, {
      method: '/etcdserverpb.Maintenance/Snapshot',
      operation: 'a snapshot',
      signal: either,
    });
    call.send(Buffer.alloc(0));
    call.sent();
    for await (const message of call.messages()) {
      const { blob, remaining } = partOf(message);
      if (blob.length === 0) continue;
      expected ??= blob.length + remaining + HASH_BYTES;
      received += blob.length;
      if (received > expected) throw broken(server, 'cut', `sent more of it than the ${expected} bytes it announced`);
      clearTimeout(timer);
      yield blob;
      timer = setTimeout(stalled, stallMs);
    }
    if (received !== expected) throw broken(server, 'cut', `sent ${received} of ${expected ?? 'unknown'} bytes of it`);
  } finally {
    clearTimeout(timer);
  }
}

/** etcdserverpb.SnapshotResponse: remaining_bytes = 2, blob = 3. */
function partOf(message: Buffer): Part {
  const part: Part = { blob: Buffer.alloc(0), remaining: 0 };
  const fields = new ProtobufReader(message);
  while (fields.next()) {
    if (fields.field === 2 && fields.isNumber) part.remaining = fields.number();
    if (fields.field === 3 && fields.isBytes) part.blob = fields.content();
  }
  return part;
}

function broken({ label, host }: GrpcServer, kind: 'cut' | 'stalled', what: string): DisklessError {
  return new DisklessError({
    code: `etcd-snapshot-${kind}`,
    message: `${label} was asked for a snapshot and ${what}`,
    host,
    hint: 'the snapshots taken before are as they were; take it again, or from another member',
  });
}
