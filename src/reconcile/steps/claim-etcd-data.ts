import { refusal } from '../../errors.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import type { WipeReason } from '../../plan/etcd-order-types.js';
import type { StepPlace } from '../../runner/sequence.js';
import { bashScript } from '../../ssh/bash-script.js';
import { change } from '../change.js';
import { judgementOf, type Reconciliation, workOf } from '../reconciliation.js';

const CLAIM = scriptText('claim-etcd-data.bash');

export interface Claim {
  role: 'voter' | 'learner';
  /** What lies there goes first. */
  wipe?: WipeReason | undefined;
}

const WIPES: Readonly<Record<WipeReason, string>> = {
  discarded: 'wipe etcd data that was given up',
  unfinished: 'wipe etcd data of a bootstrap that never finished',
  rejoin: 'wipe etcd data of a member that comes back as a new one',
};

/**
 * What was read may be some time ago, and another operator have been faster.
 *
 * @throws DisklessError `etcd-data-claimed`, refused, when the directory is not as it was read
 */
export async function claimDataDirectory(context: Reconciliation, place: StepPlace, claim: Claim): Promise<void> {
  const { role, wipe } = claim;
  const { marker: was = '', present: held } = workOf(context, place.node).facts.etcdData;
  const what = wipe === undefined ? 'claim the etcd data directory' : WIPES[wipe];
  const owner = ownerOf(context, role);
  await change(context, place, what, () => writeMarker(context, place, { was, held, owner, wipe: wipe !== undefined }));
}

/** From now on its data counts as that of a voter. @param was What the marker says until then; default: as it was claimed */
export async function markVoter(
  context: Reconciliation,
  place: StepPlace,
  was = ownerOf(context, 'learner'),
): Promise<void> {
  const owner = ownerOf(context, 'voter');
  await change(context, place, 'note that its etcd member is a voter', () =>
    writeMarker(context, place, { was, held: true, owner, wipe: false }),
  );
}

/** As facts/parse.ts reads it. */
function ownerOf(context: Reconciliation, role: Claim['role']): string {
  const { clusterId, etcd } = judgementOf(context).record;
  return `${clusterId} ${etcd.incarnation} ${role} ${etcd.token}`;
}

interface MarkerChange {
  /** The marker as it was read; '' for none. */
  was: string;
  /** Whether there was data beside it. */
  held: boolean;
  owner: string;
  wipe: boolean;
}

async function writeMarker(
  context: Reconciliation,
  { node }: StepPlace,
  { was, held, owner, wipe }: MarkerChange,
): Promise<void> {
  const places = [PATHS.etcdData, `${PATHS.marker}/etcd.lock`];
  const script = bashScript(CLAIM, ...places, was, held ? 'data' : 'none', owner, ...(wipe ? ['wipe'] : []));
  const { stdout } = await context.cluster.session(node).runAsRoot(script, { label: 'prepare etcd data directory' });
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
