/** The version of run.json this release reads and writes. Any change of its shape or meaning is a new one. */
export const RUN_SCHEMA = 1;
export const RUN_FORMAT = 'k8s-diskless-bench-run';

/** From where to where packets travel; the client is on the first node of a pair, the server on the second. */
export const PATHS = ['host', 'pod-same-node', 'pod', 'cluster-ip', 'node-port'] as const;
export type Path = (typeof PATHS)[number];

export const TESTS = ['tcp', 'tcp-streams', 'tcp-reverse', 'udp', 'round-trip'] as const;
export type Test = (typeof TESTS)[number];

/** Tests whose result is a rate. */
export type ThroughputTest = Exclude<Test, 'round-trip'>;
export const THROUGHPUT_TESTS: readonly ThroughputTest[] = ['tcp', 'tcp-streams', 'tcp-reverse', 'udp'];

/**
 * Moments of a pod's start after the intended one, in their order: our request left, the API server's 201 arrived, the
 * watch told of the pod, of its node, of its sandbox, of all containers running (the SLI of SIG Scalability), of Ready.
 */
export const STAGES = ['sent', 'accepted', 'added', 'scheduled', 'sandboxReady', 'running', 'ready'] as const;
export type Stage = (typeof STAGES)[number];

/** The stage that the Kubernetes pod startup SLO is about. */
export const SLI_STAGE: Stage = 'running';

/** `cold`: the first pod of a node; `paced`: open loop at a fixed rate; `burst`: all of a round's at once. */
export const POD_LOADS = ['cold', 'paced', 'burst'] as const;

export const API_REQUESTS = ['readyz', 'get', 'list', 'create', 'delete'] as const;
export type ApiRequest = (typeof API_REQUESTS)[number];
