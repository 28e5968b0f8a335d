import { DisklessError, toDisklessError } from '../../errors.js';
import { readBootId } from '../../ssh/boot-id.js';
import type { BenchContext } from './bench-context.js';
import { idleLoad } from './node-load.js';
import { slipOf } from './observer-lag.js';
import { voidReasons } from './void-reasons.js';

/** What every round works with, the first pods of all, which are measured before the tools stand, too. */
export type RoundContext = Omit<BenchContext, 'tools' | 'cores' | 'linkBitsPerSecond' | 'random' | 'controlPlanes'>;

/** What came between while something was measured. */
export interface Trouble {
  /** Tools that failed by themselves, and how. */
  broken: string[];
  /** Pods that were not removed in time. */
  lingering: string[];
}

export const NO_TROUBLE: Trouble = { broken: [], lingering: [] };

/** Looks at the idle nodes first, and decides afterwards whether the round counts. */
export async function judged(
  context: RoundContext,
  round: number,
  work: (order: string[]) => Promise<Trouble>,
): Promise<void> {
  const { measured, nodes, clock, lag, preset } = context;
  const load = await idleLoad(nodes, context);
  const entry = {
    round,
    began: clock.now(),
    ended: null as number | null,
    order: [] as string[],
    load,
    void: [],
    eventLoopLagMs: { p50: 0, p99: 0, max: 0 },
    scheduleSlipMs: { p50: 0, p99: 0, max: 0 },
  };
  measured.rounds.push(entry);
  lag.takeRound();
  const trouble = await work(entry.order);
  const pods = measured.pods.samples.filter((sample) => sample.round === round);
  const requests = measured.api.samples.filter((sample) => sample.round === round);
  const eventLoopLagMs = lag.takeRound();
  const scheduleSlipMs = slipOf([
    ...pods.map(({ intended, at }) => ({ intended, sent: at.sent ?? null })),
    ...requests,
  ]);
  const interruptions = context.observer.takeInterruptions();
  const lost = await lostNodes(context);
  const reasons = voidReasons({
    load,
    eventLoopLagMs,
    scheduleSlipMs,
    interruptions,
    lost,
    limits: preset.limits,
    ...trouble,
  });
  Object.assign(entry, { eventLoopLagMs, scheduleSlipMs, void: reasons, ended: clock.now() });
  if (lost.size > 0) throw nodesLost(lost);
}

/** A node that forgot everything takes part in no further round. */
function nodesLost(lost: ReadonlyMap<string, string>): DisklessError {
  return new DisklessError({
    code: 'bench-node-lost',
    message: `${[...lost.keys()].join(', ')} dropped out, and no further round would count`,
    detail: [...lost].map(([node, message]) => `${node}: ${message}`).join('\n'),
    hint: 'k8s-diskless up brings the node back; what was measured until then is kept',
  });
}

/** Nodes that are not what they were: in another boot, or silent. */
async function lostNodes({ nodes, signal }: RoundContext): Promise<Map<string, string>> {
  const states = nodes.map(async ({ name, bootId, session }): Promise<[string, string][]> => {
    const seen = await readBootId(session, { timeoutMs: 10_000, signal }).catch(toDisklessError);
    signal.throwIfAborted();
    if (typeof seen !== 'string') return [[name, seen.message]];
    return seen === bootId ? [] : [[name, 'was rebooted during the round']];
  });
  return new Map((await Promise.all(states)).flat());
}
