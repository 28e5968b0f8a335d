import { deadline } from '../../abort.js';
import { toDisklessError } from '../../errors.js';
import { peerUrl } from '../../etcd/peer-url.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import type { AtWork, Judged } from '../context.js';
import { listMembers } from '../etcd-members.js';
import { warningOf } from '../warning-of.js';
import { markData } from './claim-etcd-data.js';
import { startComponents } from './start-units.js';

/** A machine that went away must not keep the others from their apiservers. */
const LONGEST_MS = 15_000;

const startUnits = startComponents('kube-apiserver');

/**
 * From now on data of the new life may hold objects: written beside it before the first apiserver starts, and with the ID
 * that etcd knows it by. Who cannot be told has no apiserver started before it is; the others' word counts for it meanwhile.
 *
 * @param claimed Nodes whose directories were claimed so far
 */
export async function openAll(context: Judged, place: StepPlace, claimed: readonly string[]): Promise<void> {
  await Promise.all(
    claimed.map(async (node) => {
      const limit = deadline({ parent: place.signal, ms: LONGEST_MS });
      try {
        await openData(context, { ...place, node, signal: limit.signal });
      } catch (thrown) {
        place.signal.throwIfAborted();
        context.bus.emit(warningOf(node, toDisklessError(thrown)));
      } finally {
        limit.release();
      }
    }),
  );
}

/** No apiserver starts over data that says that none was. */
export async function startApiserver(context: AtWork, place: StepPlace): Promise<Outcome> {
  await openData(context, place);
  return startUnits(context, place);
}

/** Nothing where its data was not claimed in this pass, or is open. */
export async function openData(context: Judged, place: StepPlace): Promise<void> {
  const { node } = place;
  const was = context.claims.marker(node);
  const work = context.judgement.work.get(node);
  if (was === undefined || work === undefined) return;
  const url = peerUrl(work.nodeIp);
  const members = await listMembers({ ...context, signal: place.signal });
  const own = members.find(({ name, peerUrls }) => name === node && peerUrls.includes(url));
  const marking = { role: 'voter', phase: 'open', ...(own && { memberId: own.id }) } as const;
  const what = 'note that its etcd data may hold objects';
  await markData(context, place, { was, what, marking });
  context.claims.opened(node);
}
