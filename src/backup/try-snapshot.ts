import { DisklessError } from '../errors.js';
import { isLasting, resourceOf } from '../etcd-file/kubernetes-key.js';
import { PATHS } from '../node/paths.js';
import { scriptText } from '../node/script-text.js';
import { bashReader } from '../ssh/bash-script.js';
import { pump } from '../ssh/pump.js';
import type { Connection } from '../ssh/transport.js';
import type { RestoreArchive } from './restore-archive.js';
import type { SnapshotInfo } from './snapshot-info.js';

const SCRIPT = scriptText('try-snapshot.bash');

export interface TrySnapshotOptions {
  node: string;
  connection: Connection;
  snapshot: SnapshotInfo;
  /** Compressed for gzip, which every node has. */
  archive: RestoreArchive;
  signal: AbortSignal;
}

/** What an etcd serves that was made of a snapshot. */
export interface Counted {
  keys: number;
  /** Those that a person knows of. */
  objects: number;
  /** Of each resource, by its name; the passing ones among them. */
  byResource: Record<string, number>;
}

/**
 * Starts an etcd of its own on a node from a snapshot, counts what it serves, and removes it.
 *
 * @throws DisklessError `snapshot-try-no-room`, `snapshot-try-failed`
 */
export async function trySnapshot(options: TrySnapshotOptions): Promise<Counted> {
  const { node, connection, snapshot, archive, signal } = options;
  const files = ['gzip', archive.tool, archive.snapshot, String(snapshot.sizeBytes)];
  const command = bashReader(SCRIPT, 'try-snapshot', PATHS.trySnapshot, ...files, `${PATHS.bin}/etcd`);
  const remote = await connection.open(command, { label: 'try snapshot', root: true, signal });
  const ended = Promise.all([textOf(remote.stdout), remote.result]);
  ended.catch(() => undefined);
  const sent = await pump(archive.read(), remote, { signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (sent !== undefined && !(sent instanceof DisklessError && sent.code === 'process-ended')) throw sent;
  const [stdout, { exitCode, stderr }] = await ended;
  const noRoom = /^no-room (\d+) (\d+)$/m.exec(stdout);
  if (noRoom) throw withoutRoom(node, noRoom);
  const counted = exitCode === 0 ? countedFrom(stdout) : undefined;
  if (counted) return counted;
  throw new DisklessError({
    code: 'snapshot-try-failed',
    host: node,
    message: `no etcd could be started from the snapshot ${snapshot.id} (exit code ${exitCode})`,
    detail: stderr.trim().slice(-2000),
    hint: 'k8s-diskless backup takes another one while the cluster lives',
  });
}

/** What the script printed; undefined where it did not come to its end. */
export function countedFrom(stdout: string): Counted | undefined {
  const [first, ...lines] = stdout.trimEnd().split('\n');
  if (first !== 'serves' || lines.pop() !== 'end') return undefined;
  const byResource: Record<string, number> = {};
  let objects = 0;
  for (const line of lines) {
    const resource = resourceOf(Buffer.from(line, 'base64').toString());
    if (resource === undefined) continue;
    byResource[resource] = (byResource[resource] ?? 0) + 1;
    if (isLasting(resource)) objects += 1;
  }
  return { keys: lines.length, objects, byResource };
}

/**
 * What is missing of a snapshot in what was served of it; undefined where nothing is. Keys that pass by themselves may
 * have done so since: their leases run on.
 */
export function lossOf({ keys, objects }: SnapshotInfo, counted: Counted): string | undefined {
  if (counted.objects !== objects) return `${counted.objects} of ${objects} objects are served`;
  return counted.keys > keys || keys - counted.keys > keys - objects
    ? `${counted.keys} of ${keys} keys are served`
    : undefined;
}

async function textOf(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of stream) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts).toString();
}

function withoutRoom(node: string, [, needed = '', free = '']: RegExpExecArray): DisklessError {
  const mebibytes = (bytes: string): string => `${Math.round(Number(bytes) / 1024 ** 2)} MiB`;
  return new DisklessError({
    code: 'snapshot-try-no-room',
    host: node,
    message: `${mebibytes(free)} of RAM are free, and ${mebibytes(needed)} are needed to start an etcd beside its own`,
    hint: 'try it again when less runs there',
  });
}
