import { deadline } from '../abort.js';
import type { StraySource } from '../backup/keep-stray.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { assumedVersions } from '../backup/stray-versions.js';
import { type DisklessError, ownError, refusal } from '../errors.js';
import type { EtcdStatus } from '../etcd/gateway.js';
import { PATHS } from '../node/paths.js';
import { scriptText } from '../node/script-text.js';
import type { StepPlace } from '../runner/sequence.js';
import { bashScript } from '../ssh/bash-script.js';
import { change } from './change.js';
import type { JudgedRun } from './context.js';
import { retrying } from './settling.js';
import { sourceOfFile, sourceOfMember } from './stray-source.js';

const FENCE = scriptText('fence-etcd.bash');
const WAKE = scriptText('wake-etcd.bash');
const ANSWER_MS = 5_000;
/** It reads its data and its log first. */
const ALONE = { everyMs: 500, forMs: 5_000 };
const RUNNING: ReadonlySet<string> = new Set(['active', 'activating', 'reloading']);
const SILENT = new Error('it does not answer yet');

/** Nothing is written to its member any more: what is acknowledged from now on would be in no copy of it. */
export async function fence(context: JudgedRun, place: StepPlace): Promise<void> {
  await stop(context, place, 'kube-apiserver.service', 'stop its apiserver, since its etcd data goes');
}

/**
 * A copy of a member's data on the operator, before that goes: of the member where it answers, else of its file. Its etcd
 * does not run when this returns.
 *
 * @param reason What the copy is taken for
 * @throws DisklessError `stray-not-kept` (exit 5): its data is as it was
 */
export async function takeStray(context: JudgedRun, place: StepPlace, reason: string): Promise<SnapshotInfo> {
  try {
    const stray = await copied(context, place, reason);
    await stop(context, place, 'etcd.service', 'stop etcd, whose data was copied');
    const message = `stray ${stray.id} keeps what ${place.node} held of incarnation ${stray.incarnation}${butText(stray)}`;
    context.bus.emit({ type: 'note', level: 'info', code: 'stray-kept', node: place.node, message });
    return stray;
  } catch (thrown) {
    place.signal.throwIfAborted();
    const error = ownError(thrown);
    // What it had is gone with that boot.
    if (error.code === 'rebooted') throw error;
    throw notKept(context, place.node, error);
  }
}

function butText(info: SnapshotInfo): string {
  const isOfFile = info.stray?.how === 'file';
  const assumed = assumedVersions(info);
  const log = isOfFile ? '; it is of the file: what only the log of its etcd had is not in it' : '';
  return assumed === undefined ? log : `${log}; ${assumed}`;
}

async function copied(context: JudgedRun, place: StepPlace, reason: string): Promise<SnapshotInfo> {
  const { etcdData } = factsOf(context, place.node);
  const { incarnation = 0 } = etcdData;
  const status = (await statusOf(context, place)) ?? (await statusStartedAlone(context, place));
  if (status !== undefined) {
    const source = await sourceOfMember(context, place, { incarnation, status });
    const kept = await keep(context, place, { source, reason }).catch(ownError);
    // It may break off where its file can still be read.
    if (!(kept instanceof Error)) return kept;
    if (!kept.code.startsWith('etcd-')) throw kept;
  }
  const source = sourceOfFile(context, place, etcdData);
  return change(context, place, 'stop etcd, and copy the file of its data', () =>
    keep(context, place, { source, reason }),
  );
}

function keep(
  context: JudgedRun,
  { signal }: StepPlace,
  given: { source: StraySource; reason: string },
): Promise<SnapshotInfo> {
  return context.options.backups.stray({ ...given, record: recordOf(context), signal });
}

/** undefined where it does not answer. */
async function statusOf({ cluster }: JudgedRun, { node, signal }: StepPlace): Promise<EtcdStatus | undefined> {
  const limit = deadline({ parent: signal, ms: ANSWER_MS });
  try {
    return await (await cluster.etcdOf(node)).status({ signal: limit.signal });
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    limit.release();
  }
}

/**
 * One that is stopped is started, its apiserver not: what only its log holds comes into its file so, as far as it knew that
 * a quorum had it. It answers only where it is a quorum by itself.
 */
async function statusStartedAlone(context: JudgedRun, place: StepPlace): Promise<EtcdStatus | undefined> {
  const { etcdData, units } = factsOf(context, place.node);
  const { active = '', masked = false } = units['etcd.service'] ?? {};
  if (masked || active === '' || RUNNING.has(active)) return undefined;
  const what = 'start etcd alone, for a copy of its data';
  const script = bashScript(WAKE, `${PATHS.etcdData}/k8s-diskless`, etcdData.marker ?? '', `${PATHS.marker}/etcd.lock`);
  try {
    await change(context, place, what, () =>
      context.cluster.session(place.node).runAsRoot(script, { label: what, signal: place.signal }),
    );
    const answer = async (): Promise<EtcdStatus> => (await statusOf(context, place)) ?? Promise.reject(SILENT);
    return await retrying(context, ALONE, (error) => error === SILENT, answer);
  } catch {
    place.signal.throwIfAborted();
    return undefined;
  }
}

async function stop(context: JudgedRun, place: StepPlace, unit: string, what: string): Promise<void> {
  await change(context, place, what, () =>
    context.cluster.session(place.node).runAsRoot(bashScript(FENCE, unit), { label: what, signal: place.signal }),
  );
}

/** As it was when the data was written: what follows it is not recorded yet. */
const recordOf = ({ memory, judgement }: JudgedRun) => memory.record ?? judgement.record;

function factsOf({ judgement }: JudgedRun, node: string) {
  const work = judgement.work.get(node);
  if (work === undefined) throw new Error(`no work was planned for ${node}`);
  return work.facts;
}

function notKept({ options }: JudgedRun, host: string, { message, hint, detail, cause }: DisklessError): DisklessError {
  return refusal({
    code: 'stray-not-kept',
    host,
    message: `its etcd data goes only once a copy of it is kept, and that failed: ${message}`,
    hint: `nothing was wiped: see to it that it can be read and that there is room for it in ${options.backups.straysIn}${hint ? ` (${hint})` : ''}, and run the same command again; or reboot ${host} if its data may go`,
    ...(detail !== undefined && { detail }),
    cause,
  });
}
