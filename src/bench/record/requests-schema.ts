import { z } from 'zod';
import { amount, milliseconds, moment, roundNumber, text } from './scalars.js';
import { API_REQUESTS } from './terms.js';

const apiSample = z.strictObject({
  round: roundNumber,
  request: z.enum(API_REQUESTS),
  /** Control plane that was asked. */
  target: text,
  /** When the timetable wanted it sent: latency counts from here, so that a stall is not hidden by waiting for it. */
  intended: moment,
  sent: moment,
  /** The answer's last byte; null: none before we gave up, an infinite latency. */
  done: moment.nullable(),
  /** HTTP status; null without an answer. */
  status: z.int().nullable(),
  /** Why it does not count as answered, e.g. a connection that was lost; null when it does. */
  failure: text.nullable(),
});
export type ApiSample = z.output<typeof apiSample>;

const dnsSample = z.strictObject({
  round: roundNumber,
  /** Node of the pod that asked. */
  node: text,
  nameserver: text,
  name: text,
  /** From when it was due, by the clock of the pod's node; null: no answer, an infinite latency. */
  latencyMs: milliseconds.nullable(),
  failure: text.nullable(),
});
export type DnsSample = z.output<typeof dnsSample>;

/** Growth of a Prometheus histogram during a round: only sum and count, its buckets begin at 1 ms. */
const growth = z.strictObject({ count: amount, sumSeconds: z.number().min(0) });

const etcdSample = z.strictObject({
  round: roundNumber,
  member: text,
  /** `etcd_disk_wal_fsync_duration_seconds` */
  walFsync: growth,
  /** `etcd_disk_backend_commit_duration_seconds` */
  backendCommit: growth,
});

const measured = <T extends z.ZodType>(sample: T) =>
  z.strictObject({
    /** Why nothing was measured; null when something was. */
    unavailable: text.nullable(),
    samples: z.array(sample),
  });

export const apiSchema = measured(apiSample);
export const dnsSchema = measured(dnsSample);
export const etcdSchema = measured(etcdSample).extend({
  /** Type of the file system below etcd's data, e.g. `tmpfs`, where fsync costs nothing and keeps nothing. */
  filesystem: text,
});
