import type { EtcdBootstrap } from '../../components/context.js';
import { bootstrapFile } from '../../components/etcd.js';
import { CONFIG_SEGMENT, configSegment } from '../../delivery/build-segments.js';
import { contentHash } from '../../plan/diff.js';
import type { WipeReason } from '../../plan/etcd-order-types.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { change } from '../change.js';
import { type JoiningMember, judgementOf, type Reconciliation, workOf } from '../reconciliation.js';
import { claimDataDirectory, markVoter } from './claim-etcd-data.js';
import { sendSegments } from './send-files.js';
import { restartComponent, startComponents } from './start-units.js';

const startUnit = startComponents('etcd');

/** Carries out what is ordered of this node's member. */
export async function startEtcd(context: Reconciliation, place: StepPlace): Promise<StepResult> {
  const order = judgementOf(context).orders.members.get(place.node);
  const { rejoin } = context;
  switch (order?.do) {
    case 'bootstrap':
    case 'resume-bootstrap':
      await workOf(context, place.node).arrivals.of(CONFIG_SEGMENT);
      await claimDataDirectory(context, place, { role: 'voter', wipe: order.wipe });
      return startUnit(context, place);
    case 'join-as-learner':
      await arrival(context, place);
      await rejoin.rejoin(place.node, joining(context, place, order.wipe), place.signal);
      return 'changed';
    case 'promote': {
      await arrival(context, place);
      const { marker } = workOf(context, place.node).facts.etcdData;
      const member = { ...joining(context, place), id: order.id, promoted: () => markVoter(context, place, marker) };
      await rejoin.promote(place.node, member, place.signal);
      return 'changed';
    }
    case 'update-peer-url': {
      await arrival(context, place);
      const restart = async (): Promise<void> => void (await startUnit(context, place));
      await rejoin.move(place.node, { id: order.id, url: order.url, restart }, place.signal);
      return 'changed';
    }
    case 'keep':
      if (!order.markVoter) return startUnit(context, place);
      await markVoter(context, place, workOf(context, place.node).facts.etcdData.marker);
      await startUnit(context, place);
      return 'changed';
    default:
      return startUnit(context, place);
  }
}

/** Whom the others count as a member nobody could start without its files. */
async function arrival(context: Reconciliation, { node }: StepPlace): Promise<void> {
  const { arrivals } = workOf(context, node);
  await arrivals.of(CONFIG_SEGMENT);
  await arrivals.of('etcd');
}

function joining(context: Reconciliation, place: StepPlace, wipe?: WipeReason): JoiningMember {
  return {
    async prepare(bootstrap) {
      await claimDataDirectory(context, place, { role: 'learner', wipe });
      await writeBootstrapFile(context, place, bootstrap);
    },
    start: async () => void (await startUnit(context, place)),
    restart: () => restartComponent(context, place, 'etcd', 'in sync, and yet it does not serve'),
    promoted: () => markVoter(context, place),
  };
}

/** What a joining member must be told is known only once it was added, after its files were sent. */
async function writeBootstrapFile(context: Reconciliation, place: StepPlace, bootstrap: EtcdBootstrap): Promise<void> {
  const { encoding } = workOf(context, place.node);
  const file = bootstrapFile(bootstrap);
  const planned = { component: 'etcd' as const, file, sha256: contentHash(file), why: 'missing' as const };
  const segment = await configSegment({ encoding, content: context.options.content, rendered: [planned] });
  await change(context, place, `write ${file.path}`, () =>
    sendSegments(context, place, { segments: [segment], remove: [] }),
  );
}
