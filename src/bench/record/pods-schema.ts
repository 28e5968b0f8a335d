import { z } from 'zod';
import { amount, moment, roundNumber, text } from './scalars.js';
import { POD_LOADS, STAGES } from './terms.js';

const pod = z.strictObject({
  name: text,
  round: roundNumber,
  load: z.enum(POD_LOADS),
  /** The node it was bound to, or was meant for; null when it was never scheduled. */
  node: text.nullable(),
  /** When the timetable wanted it sent: latencies count from here, so that a stall of ours or the API's shows. */
  intended: moment,
  /**
   * When each of the record's stages was reached; null: not before observation of this pod ended. A null counts as an
   * infinite latency everywhere, because JSON has no infinity.
   */
  at: z.partialRecord(z.enum(STAGES), moment.nullable()),
  /** When observation of this pod ended. */
  observedUntil: moment,
  /** Why it never started, in the words of whoever knew: the API, the kubelet, or us. */
  failure: text.nullable(),
});
export type PodSample = z.output<typeof pod>;

/** The kubelet's own view of the same pods: the growth of its startup histogram during the run. */
const kubelet = z.strictObject({
  node: text,
  /** e.g. `kubelet_pod_start_sli_duration_seconds` */
  histogram: text,
  count: amount,
  sumSeconds: z.number().min(0),
});

export const podsSchema = z.strictObject({
  /** Stages this API server tells of, in order. Others were not observable, which is not the same as not reached. */
  stages: z.array(z.enum(STAGES)),
  samples: z.array(pod),
  kubelet: z.strictObject({
    /** Why there are no figures, e.g. that this Kubernetes version has no such histogram. */
    unavailable: text.nullable(),
    nodes: z.array(kubelet),
  }),
});
