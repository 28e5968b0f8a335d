import type { ApiRequest, Path, Stage, Test } from '../record/terms.js';

/* What things are called where people read them. */

export const PATH_TITLES: Readonly<Record<Path, string>> = {
  host: 'host → host',
  'pod-same-node': 'pod → pod, same node',
  pod: 'pod → pod',
  'cluster-ip': 'pod → ClusterIP',
  'node-port': 'pod → NodePort',
};

export const TEST_TITLES: Readonly<Record<Test, string>> = {
  tcp: 'TCP',
  'tcp-streams': 'TCP streams',
  'tcp-reverse': 'TCP reverse',
  udp: 'UDP',
  'round-trip': 'round trip',
};

export const STAGE_TITLES: Readonly<Record<Stage, string>> = {
  sent: 'request sent',
  accepted: 'accepted by the API',
  added: 'seen on the watch',
  scheduled: 'scheduled',
  sandboxReady: 'sandbox ready',
  running: 'all containers running',
  ready: 'Ready',
};

export const REQUEST_TITLES: Readonly<Record<ApiRequest, string>> = {
  readyz: 'readyz',
  get: 'get',
  list: 'list namespace',
  create: 'create',
  delete: 'delete',
};
