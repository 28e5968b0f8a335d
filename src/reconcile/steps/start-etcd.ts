import type { EtcdBootstrap } from '../../components/context.js';
import { bootstrapFile } from '../../components/etcd.js';
import { CONFIG_SEGMENT, configSegment } from '../../delivery/build-segments.js';
import type { MemberId } from '../../etcd/member-id.js';
import { contentHash } from '../../plan/diff.js';
import type { WipeReason } from '../../plan/etcd-order-types.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import { change } from '../change.js';
import type { AtWork } from '../context.js';
import type { JoiningMember } from '../joining-member.js';
import { claimDataDirectory, type Marking, markData, markerOf } from './claim-etcd-data.js';
import { openData } from './open-etcd-data.js';
import { restoreEtcdData } from './restore-etcd-data.js';
import { sendSegments } from './send-files.js';
import { restartComponent, startComponents } from './start-units.js';

const startUnit = startComponents('etcd');

/** Carries out what is ordered of this node's member. */
export async function startEtcd(context: AtWork, place: StepPlace): Promise<Outcome> {
  const order = context.judgement.orders.members.get(place.node);
  const { rejoin } = context;
  switch (order?.do) {
    case 'bootstrap':
    case 'resume-bootstrap': {
      const { arrivals, facts } = context.work;
      await arrivals.of(CONFIG_SEGMENT);
      const isOfOldRelease = order.wipe === undefined && facts.etcdData.present && facts.etcdData.open === undefined;
      const marking: Marking = { role: 'voter', ...(!isOfOldRelease && { phase: 'begun' }) };
      await claimDataDirectory(context, place, { ...marking, wipe: order.wipe });
      const owner = markerOf(context, marking);
      await restoreEtcdData(context, place, owner);
      // A quorum may have come of the others meanwhile: from then on objects are written.
      if (context.claims.claimed(place.node, owner)) await openData(context, place);
      return startUnit(context, place);
    }
    case 'join-as-learner':
      await arrival(context);
      await rejoin.rejoin(place.node, joining(context, place, order.wipe), place.signal);
      return 'changed';
    case 'promote': {
      await arrival(context);
      const { marker } = context.work.facts.etcdData;
      const promoted = (id: MemberId) => markVoter(context, place, id, marker);
      await rejoin.promote(place.node, { ...joining(context, place), id: order.id, promoted }, place.signal);
      return 'changed';
    }
    case 'update-peer-url': {
      await arrival(context);
      const restart = async (): Promise<void> => void (await startUnit(context, place));
      await rejoin.move(place.node, { id: order.id, url: order.url, restart }, place.signal);
      return 'changed';
    }
    case 'keep':
      if (order.markAs === undefined) return startUnit(context, place);
      await markVoter(context, place, order.markAs, context.work.facts.etcdData.marker);
      await startUnit(context, place);
      return 'changed';
    default:
      return startUnit(context, place);
  }
}

/**
 * From now on its data counts as that of a voter; as such that may hold objects only once the quorum is recorded, since
 * until then the life may have to begin again. @param was What its marker says until then
 */
async function markVoter(context: AtWork, place: StepPlace, memberId: MemberId, was = ''): Promise<void> {
  const what = 'note that its etcd member is a voter';
  const marking: Marking = { role: 'voter', phase: phaseOf(context), memberId };
  const owner = markerOf(context, marking);
  if (owner !== was) await markData(context, place, { was, what, marking });
  if (marking.phase === 'begun' && context.claims.claimed(place.node, owner)) await openData(context, place);
}

/** What data of a member that etcd counts in may say of itself by now. */
function phaseOf({ memory }: AtWork): 'begun' | 'open' {
  return memory.record?.etcd.phase === 'bootstrapped' ? 'open' : 'begun';
}

/** Whom the others count as a member nobody could start without its files. */
async function arrival({ work: { arrivals } }: AtWork): Promise<void> {
  await arrivals.of(CONFIG_SEGMENT);
  await arrivals.of('etcd');
}

function joining(context: AtWork, place: StepPlace, wipe?: WipeReason): JoiningMember {
  let claim: Marking | undefined;
  return {
    async prepare(bootstrap, memberId) {
      claim = { role: 'learner', phase: phaseOf(context), memberId };
      await claimDataDirectory(context, place, { ...claim, wipe });
      await writeBootstrapFile(context, place, bootstrap);
    },
    start: async () => void (await startUnit(context, place)),
    restart: () => restartComponent(context, place, 'etcd', 'in sync, and yet it does not serve'),
    promoted: (id) => markVoter(context, place, id, claim && markerOf(context, claim)),
  };
}

/** What a joining member must be told is known only once it was added, after its files were sent. */
async function writeBootstrapFile(context: AtWork, place: StepPlace, bootstrap: EtcdBootstrap): Promise<void> {
  const { encoding } = context.work;
  const file = bootstrapFile(bootstrap);
  const planned = { component: 'etcd' as const, file, sha256: contentHash(file), why: 'missing' as const };
  const segment = await configSegment({ encoding, content: context.options.content, rendered: [planned] });
  await change(context, place, `write ${file.path}`, () =>
    sendSegments(context, place, { segments: [segment], remove: [] }),
  );
}
