import { z } from 'zod';
import { amount, milliseconds, moment, roundNumber, share, text } from './scalars.js';

/** How long the observer itself was late. */
export const lagSchema = z.strictObject({ p50: milliseconds, p99: milliseconds, max: milliseconds });

/** What a node did beside our load, taken while none of it ran. */
const nodeLoad = z.strictObject({
  node: text,
  load1: z.number().min(0),
  cpuBusy: share,
  /** `some avg10` of /proc/pressure in percent; null where the kernel has none. */
  pressure: z.strictObject({ cpu: z.number(), io: z.number(), memory: z.number() }).nullable(),
  /** Running pods that are neither ours nor the cluster's own. */
  foreignPods: amount,
});

const voidReason = z.strictObject({
  /** Kebab case, e.g. `node-busy`, `event-loop-lag`, `schedule-slip`, `node-rebooted`, `watch-interrupted`. */
  code: text,
  /** One sentence with the figure and its limit. */
  message: text,
  node: text.nullable(),
});
export type VoidReason = z.output<typeof voidReason>;

export const roundSchema = z.strictObject({
  round: roundNumber,
  began: moment,
  /** null: the run ended before the round did. */
  ended: moment.nullable(),
  /** `path/test from>to` of its network cells in the order they ran, which is drawn anew each round. */
  order: z.array(text),
  load: z.array(nodeLoad),
  eventLoopLagMs: lagSchema,
  /** How much later than intended pods and requests left us. */
  scheduleSlipMs: lagSchema,
  /** Why its samples do not count; empty when they do. */
  void: z.array(voidReason),
});
export type Round = z.output<typeof roundSchema>;
