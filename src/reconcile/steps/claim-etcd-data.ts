import { refusal } from '../../errors.js';
import type { MemberId } from '../../etcd/member-id.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import type { WipeReason } from '../../plan/etcd-order-types.js';
import type { StepPlace } from '../../runner/sequence.js';
import { bashScript } from '../../ssh/bash-script.js';
import { change } from '../change.js';
import type { AtWork, JudgedRun, Run } from '../context.js';

const CLAIM = scriptText('claim-etcd-data.bash');

/** What the marker beside etcd's data says of it, beside the cluster, its incarnation and token. */
export interface Marking {
  role: 'voter' | 'learner';
  /** `begun`: no apiserver was started over it. Absent: as in the markers of earlier releases, nobody knows. */
  phase?: 'begun' | 'open';
  /** Once it is known. */
  memberId?: MemberId;
}

export interface Claim extends Marking {
  /** What lies there goes first. */
  wipe?: WipeReason | undefined;
}

const WIPES: Readonly<Record<WipeReason, string>> = {
  discarded: 'wipe etcd data that was given up',
  older: 'wipe etcd data of an older life',
  unfinished: 'wipe etcd data of a bootstrap that never finished',
  rejoin: 'wipe etcd data of a member that comes back as a new one',
};

/**
 * What was read may be some time ago, and another operator have been faster.
 *
 * @throws DisklessError `etcd-data-claimed`, refused, when the directory is not as it was read
 */
export async function claimDataDirectory(context: AtWork, place: StepPlace, claim: Claim): Promise<void> {
  const { wipe, ...marking } = claim;
  const { marker: was = '', present } = context.work.facts.etcdData;
  const what = wipe === undefined ? 'claim the etcd data directory' : WIPES[wipe];
  const held = present ? 'data' : 'none';
  const owner = markerOf(context, marking);
  await change(context, place, what, () => writeMarker(context, place, { was, held, owner, wipe: wipe !== undefined }));
}

export interface Remark {
  /** What the marker says until then. */
  was: string;
  what: string;
  marking: Marking;
}

/** Its data stays, and from now on counts as this. @throws as `claimDataDirectory` does */
export async function markData(context: JudgedRun, place: StepPlace, { was, what, marking }: Remark): Promise<void> {
  const owner = markerOf(context, marking);
  await change(context, place, what, () => writeMarker(context, place, { was, held: 'any', owner, wipe: false }));
}

/** As facts/parse.ts reads it. */
export function markerOf(context: JudgedRun, { role, phase, memberId }: Marking): string {
  const { clusterId, etcd } = context.judgement.record;
  const words = [clusterId, etcd.incarnation, role, etcd.token, phase, phase && memberId];
  return words.filter((word) => word !== undefined).join(' ');
}

interface MarkerChange {
  /** The marker as it was read; '' for none. */
  was: string;
  /** Whether there was data beside it. */
  held: 'data' | 'none' | 'any';
  owner: string;
  wipe: boolean;
}

async function writeMarker(
  context: Run,
  { node, signal }: StepPlace,
  { was, held, owner, wipe }: MarkerChange,
): Promise<void> {
  const places = [PATHS.etcdData, `${PATHS.marker}/etcd.lock`];
  const script = bashScript(CLAIM, ...places, was, held, owner, ...(wipe ? ['wipe'] : []));
  const { stdout } = await context.cluster
    .session(node)
    .runAsRoot(script, { label: 'prepare etcd data directory', signal });
  const [found, cluster, incarnation] = /^claimed (\S*) ?(\S*)/m.exec(stdout) ?? [];
  if (found === undefined) return;
  const now = cluster ? `it belongs to incarnation ${incarnation} of cluster ${cluster}` : 'it has no owner';
  throw refusal({
    code: 'etcd-data-claimed',
    host: node,
    message: `its etcd data directory is not as it was when it was read: ${now}`,
    hint: 'another operator may be at work on the same nodes: see to it that there is one, and run the same command again',
  });
}
