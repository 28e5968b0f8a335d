import type { StraySource } from '../backup/keep-stray.js';
import { DisklessError } from '../errors.js';
import type { EtcdStatus } from '../etcd/gateway.js';
import { snapshotOf } from '../etcd/snapshot.js';
import type { NodeFacts } from '../facts/facts.js';
import { PATHS } from '../node/paths.js';
import { scriptText } from '../node/script-text.js';
import type { StepPlace } from '../runner/sequence.js';
import { bashReader } from '../ssh/bash-script.js';
import type { Connection } from '../ssh/transport.js';
import type { Run } from './context.js';

const COPY = scriptText('copy-etcd-data.bash');
const LABEL = 'copy etcd data';

/** As the running member gives it: everything that it has applied, with etcd's own hash. It needs no leader for that. */
export async function sourceOfMember(
  { cluster }: Run,
  { node, signal }: StepPlace,
  { incarnation, status }: { incarnation: number; status: EtcdStatus },
): Promise<StraySource> {
  const chunks = snapshotOf({ server: await cluster.etcdStreamsOf(node), signal });
  const { version: etcd, header } = status;
  return { node, incarnation, how: 'snapshot', etcd, etcdClusterId: header.clusterId, chunks };
}

/** As its file lies there, once etcd is stopped. */
export function sourceOfFile({ cluster }: Run, place: StepPlace, etcdData: NodeFacts['etcdData']): StraySource {
  const { node } = place;
  const { incarnation = 0, marker = '' } = etcdData;
  async function* chunks(): AsyncGenerator<Buffer> {
    yield* fileOver(await cluster.session(node).connection(), place, marker);
  }
  return { node, incarnation, how: 'file', chunks: chunks() };
}

async function* fileOver(connection: Connection, { node, signal }: StepPlace, marker: string): AsyncGenerator<Buffer> {
  const command = bashReader(COPY, 'copy-etcd-data', PATHS.etcdData, `${PATHS.marker}/etcd.lock`, marker);
  const remote = await connection.open(command, { label: LABEL, root: true, signal });
  // Whoever stops reading hears no more of it.
  remote.result.catch(() => undefined);
  try {
    remote.stdin.end();
    yield* remote.stdout as AsyncIterable<Buffer>;
    const { exitCode, stderr } = await remote.result;
    if (exitCode === 0) return;
    const message = `the file of its etcd data could not be read (exit code ${exitCode})`;
    throw new DisklessError({ code: 'etcd-data-unread', host: node, message, detail: stderr.trim().slice(-2000) });
  } finally {
    remote.kill();
  }
}
