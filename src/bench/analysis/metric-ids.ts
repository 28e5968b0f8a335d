import { API_REQUESTS, PATHS, TESTS, THROUGHPUT_TESTS } from '../record/terms.js';
import { EFFICIENCY_PATHS } from './efficiency.js';

/** Every metric that a run can have. */
export const METRIC_IDS: readonly string[] = [
  'pods.running.p50',
  'pods.running.p95',
  'pods.ready.p50',
  'pods.burst.makespan',
  'pods.burst.rate',
  ...EFFICIENCY_PATHS.flatMap((path) => THROUGHPUT_TESTS.map((test) => `efficiency.${path}.${test}`)),
  ...PATHS.flatMap((path) => [...TESTS, 'udp-loss'].map((test) => `network.${path}.${test}`)),
  ...API_REQUESTS.map((request) => `api.${request}.p50`),
  'dns.p50',
  'etcd.wal-fsync',
  'etcd.commit',
];
