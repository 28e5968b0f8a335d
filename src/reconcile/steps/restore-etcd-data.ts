import type { RestoreArchive } from '../../backup/restore-archive.js';
import { DisklessError, ownError, refusal } from '../../errors.js';
import { peerUrl } from '../../etcd/peer-url.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import { bumpOf } from '../../plan/restored-revision.js';
import { waitsFor } from '../../runner/long-waits.js';
import type { StepPlace } from '../../runner/sequence.js';
import { bashReader } from '../../ssh/bash-script.js';
import { pump } from '../../ssh/pump.js';
import type { Connection } from '../../ssh/transport.js';
import { change } from '../change.js';
import type { AtWork } from '../context.js';
import { archOf } from '../traits.js';

const SCRIPT = scriptText('restore-etcd-data.bash');
const LABEL = 'restore etcd data';

/**
 * Makes this member's data of the snapshot that the new life begins from. All members are made of the same file, as etcd's
 * documentation has it, and so know each other from the start. Repeated, it finds its work done.
 *
 * @param owner What the marker of its directory says
 * @throws DisklessError `etcd-data-claimed`, refused; `restore-failed` with what etcdutl said
 */
export async function restoreEtcdData(context: AtWork, place: StepPlace, owner: string): Promise<void> {
  const { origin } = context.judgement.record.etcd;
  const { facts, encoding } = context.work;
  const order = context.judgement.orders.members.get(place.node);
  // What is there and not wiped was made in this very attempt.
  const isThere = facts.etcdData.present && !(order && 'wipe' in order && order.wipe !== undefined);
  if (origin === undefined || isThere) return;
  waitsFor(`the archive of snapshot ${origin.snapshot}`);
  const archive = await context.options.backups.archive(
    { id: origin.snapshot, arch: archOf(facts), encoding },
    // It is made for all of them: one that is cut off must not take it from the others.
    context.signal,
  );
  waitsFor(`etcdutl makes its data of snapshot ${origin.snapshot}`);
  await change(context, place, `restore etcd data from snapshot ${origin.snapshot}`, () =>
    context.cluster.session(place.node).resilient(async (connection) => {
      const said = await runScript(context, place, { connection, archive, owner });
      const [found, cluster = ''] = /^claimed (\S*)/m.exec(said) ?? [];
      if (found !== undefined) throw claimed(place.node, cluster);
    }),
  );
}

interface Restoring {
  connection: Connection;
  archive: RestoreArchive;
  owner: string;
}

async function runScript(
  context: AtWork,
  place: StepPlace,
  { connection, archive, owner }: Restoring,
): Promise<string> {
  const { work, judgement, options } = context;
  const { members, token, origin } = judgement.record.etcd;
  const addresses = judgement.peers.filter(({ name }) => members.includes(name));
  const cluster = addresses.map(({ name, nodeIp }) => `${name}=${peerUrl(nodeIp)}`).join(',');
  const paths = [PATHS.etcdData, `${PATHS.marker}/etcd.lock`, owner, PATHS.etcdRestore];
  const files = [work.encoding, archive.tool, archive.snapshot];
  const member = [place.node, cluster, token, peerUrl(work.nodeIp), bumpOf(archive.revision, origin?.above)];
  const command = bashReader(SCRIPT, 'restore-etcd-data', ...paths, ...files, ...member);
  const remote = await connection.open(command, { label: LABEL, root: true, signal: place.signal });
  const ended = Promise.all([textOf(remote.stdout), remote.result]);
  // Whatever ends it is told by who sends, or by who waits for its end: never by nobody.
  ended.catch(() => undefined);
  const sent = await pump(archive.read(), remote, {
    stallTimeoutMs: options.stallTimeoutMs,
    signal: place.signal,
  }).then(() => undefined, ownError);
  // Where it ended before it had taken everything, why it did is in what it said.
  if (sent !== undefined && sent.code !== 'process-ended') throw sent;
  const [stdout, { exitCode, stderr }] = await ended;
  if (sent !== undefined && exitCode === 0) throw sent;
  if (exitCode === 0) return stdout;
  throw new DisklessError({
    code: 'restore-failed',
    host: place.node,
    message: `its etcd data could not be made of the snapshot (exit code ${exitCode})`,
    detail: stderr.trim().slice(-2000),
    hint: 'run up again once the reason is mended: it goes on with the same snapshot; --snapshot names another',
  });
}

async function textOf(stream: AsyncIterable<Buffer | string>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

function claimed(host: string, cluster: string): DisklessError {
  return refusal({
    code: 'etcd-data-claimed',
    host,
    message: `its etcd data directory was claimed for something else meanwhile${cluster && ` (cluster ${cluster})`}`,
    hint: 'another operator may be at work on the same nodes: see to it that there is one, and run the same command again',
  });
}
