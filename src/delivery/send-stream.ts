import { createHash } from 'node:crypto';
import { DisklessError, refusal } from '../errors.js';
import { pump } from '../ssh/pump.js';
import type { Connection, RemoteProcess } from '../ssh/transport.js';
import { superseded } from '../state/superseded.js';
import { type ReceiverOptions, receiverCommand } from './receiver.js';
import { manifestText, type Segment } from './segment.js';

export interface SendStreamOptions {
  connection: Connection;
  receiver: ReceiverOptions;
  segments: readonly Segment[];
  /** Paths to remove after everything has arrived. */
  remove: readonly string[];
  onArrived: (segmentId: string) => void;
  onProgress: (sentBytes: number, totalBytes: number) => void;
  /** A link that takes no byte for this long is given up; the caller starts again on a fresh connection. */
  stallTimeoutMs: number;
  signal?: AbortSignal;
}

/** Sends all segments in order through one channel; resolves when the node has acknowledged every one. */
export async function sendStream(options: SendStreamOptions): Promise<{ bytes: number }> {
  const { connection, segments, remove, signal } = options;
  const remote = await connection.open(receiverCommand(options.receiver), {
    label: 'receive files',
    root: true,
    ...(signal && { signal }),
  });
  const expected = [...segments.map(({ id }) => id), ...(remove.length > 0 ? ['remove'] : [])];
  const acknowledged = readAcknowledgements(remote, expected, options);
  acknowledged.catch(() => remote.kill());
  const total = segments.reduce((sum, segment) => sum + segment.bodyBytes, 0);
  const sent = pump(frames(segments, remove), remote, {
    stallTimeoutMs: options.stallTimeoutMs,
    onProgress: (bytes) => options.onProgress(Math.min(bytes, total), total),
    ...(signal && { signal }),
  });
  await Promise.all([sent, acknowledged]);
  return { bytes: total };
}

async function* frames(segments: readonly Segment[], remove: readonly string[]): AsyncGenerator<Buffer> {
  for (const { id, entries, encoding, bodyBytes, body } of segments) {
    const manifest = Buffer.from(manifestText(entries));
    yield Buffer.concat([Buffer.from(`segment ${id} ${encoding} ${manifest.length} ${bodyBytes}\n`), manifest]);
    const digest = createHash('sha256');
    for await (const chunk of body()) {
      digest.update(chunk);
      yield chunk;
    }
    yield Buffer.from(`${digest.digest('hex')}\n`);
  }
  if (remove.length > 0) {
    const list = Buffer.from(`${remove.join('\n')}\n`);
    yield Buffer.concat([Buffer.from(`remove remove - ${list.length} 0\n`), list]);
  }
}

async function readAcknowledgements(
  remote: RemoteProcess,
  expected: readonly string[],
  { connection: { host }, receiver, onArrived }: SendStreamOptions,
): Promise<void> {
  const open = new Set(expected);
  let rest = '';
  for await (const chunk of remote.stdout) {
    rest += String(chunk);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [word, id = ''] = line.split(' ');
      if (word === 'done' && open.delete(id)) onArrived(id);
      if (word === 'corrupt') throw corrupt(host, id);
      if (word === 'owned') throw foreign(host, id);
      if (word === 'superseded') throw superseded(receiver.operator, { where: 'it', generation: Number(id), host });
    }
  }
  const { exitCode, stderr } = await remote.result;
  if (open.size === 0 && exitCode === 0) return;
  throw new DisklessError({
    code: 'receive-failed',
    host,
    message: `the node stopped receiving files (exit code ${exitCode}) before ${[...open].join(', ') || 'the end'}`,
    hint: 'check free space and permissions of /opt, /etc and /var on the node',
    detail: stderr.trim().slice(-2000),
  });
}

/** It was nobody's when it was read: the first to send files has it. */
function foreign(host: string, cluster: string): DisklessError {
  return refusal({
    code: 'foreign-cluster',
    host,
    message: `it has been taken by another cluster (${cluster}) since it was read`,
    hint: 'another operator is at work on the same nodes: take them off one of the two lists',
  });
}

function corrupt(host: string, id: string): DisklessError {
  return new DisklessError({
    code: 'receive-corrupt',
    host,
    message: `what arrived in ${id} does not have the expected SHA-256`,
    hint: 'the operator cache may be damaged: the next run verifies it',
  });
}
