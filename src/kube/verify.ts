import { apiError, hasCode, isPassing } from './api-errors.js';
import type { KubeClient } from './client.js';
import { troubleTaint } from './node-taints.js';
import { type BootIds, whyNoPodsYet, whyNotReady } from './nodes-ready.js';
import type { Endpoints, KubeNode, Lease } from './objects.js';
import { resourcePath } from './paths.js';

/** One thing of the cluster that is not as it should be; an empty list is the proof that `up` ends with. */
export interface ClusterFinding {
  /** e.g. `apiserver-not-ready`. */
  code: string;
  /** `error`: something does not work. `warning`: it settles by itself or only redundancy suffers. */
  severity: 'error' | 'warning';
  message: string;
  node?: string;
  hint?: string;
}

export interface VerifiedControlPlane {
  name: string;
  nodeIp: string;
  client: KubeClient;
}

export interface VerifyOptions {
  /** For what any of them can answer. */
  client: KubeClient;
  /** Those that should be alive now. */
  controlPlanes: readonly VerifiedControlPlane[];
  nodes: BootIds;
  /** Scheduler and controller-manager run with leader election: false where there is only one of each. */
  leaderElection: boolean;
  signal: AbortSignal;
}

const CHECK_TIMEOUT_MS = 3_000;
/** An apiserver answers with an object of many lines. */
const MOST_WORDS = 200;
const ELECTED = ['kube-controller-manager', 'kube-scheduler'];
/** Clocks of two control planes, and the whole seconds of an HTTP date. */
const LEASE_TOLERANCE_MS = 5_000;

/** Looks once at everything at the same time and waits for nothing: what has not settled becomes a finding. */
export async function verifyCluster(options: VerifyOptions): Promise<ClusterFinding[]> {
  const { leaderElection } = options;
  const checks = [
    check(options, 'nodes', nodeFindings),
    ...options.controlPlanes.map((controlPlane) => apiServerFindings(options, controlPlane)),
    check(options, 'the kubernetes endpoints', endpointFindings),
    ...(leaderElection ? [check(options, 'leader election', leaseFindings)] : []),
    ...[...options.nodes.keys()].map((node) =>
      check(options, `the kubelet of ${node}`, () => kubeletFindings(options, node)),
    ),
  ];
  return (await Promise.all(checks)).flat();
}

/** A check that could not be made is a finding as well. */
async function check(
  options: VerifyOptions,
  subject: string,
  look: (options: VerifyOptions) => Promise<ClusterFinding[]>,
): Promise<ClusterFinding[]> {
  try {
    return await look(options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return [{ code: 'not-verified', severity: 'error', message: `${subject} could not be checked: ${error.message}` }];
  }
}

async function nodeFindings({ client, nodes, signal }: VerifyOptions): Promise<ClusterFinding[]> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'nodes' });
  const { items } = await client.list<KubeNode>(path, { signal, timeoutMs: CHECK_TIMEOUT_MS });
  const byName = new Map(items.map((node) => [node.metadata.name, node]));
  return [...nodes].flatMap(([node, bootId]) => nodeFinding({ node, bootId, object: byName.get(node) }));
}

interface NodeSeen {
  node: string;
  bootId: string;
  object: KubeNode | undefined;
}

function nodeFinding({ node, bootId, object }: NodeSeen): ClusterFinding[] {
  const error = { severity: 'error', node } as const;
  if (object === undefined) return [{ code: 'node-not-ready', ...error, message: 'it has no Node object' }];
  const unready = whyNotReady(object, bootId);
  if (unready !== undefined) return [{ code: 'node-not-ready', ...error, message: unready }];
  const passing = whyNoPodsYet(object);
  if (passing !== undefined) return [{ code: 'node-takes-no-pods', ...error, message: passing }];
  const trouble = troubleTaint(object);
  if (trouble === undefined) return [];
  const message = `it takes no ordinary pods: it bears the taint ${trouble}`;
  return [{ code: 'node-takes-no-pods', severity: 'warning', node, message }];
}

async function apiServerFindings(
  { signal }: VerifyOptions,
  { name: node, client }: VerifiedControlPlane,
): Promise<ClusterFinding[]> {
  const finding = { code: 'apiserver-not-ready', severity: 'error', node } as const;
  try {
    const { status, text } = await client.raw('/readyz', { signal, timeoutMs: CHECK_TIMEOUT_MS });
    if (status === 200) return [];
    const failing = [...text.matchAll(/^\[-\](\S+)/gm)].map(([, check]) => check);
    const which = failing.length > 0 ? `: ${failing.join(', ')}` : '';
    return [{ ...finding, message: `its kube-apiserver answers /readyz with HTTP ${status}${which}` }];
  } catch (error) {
    signal.throwIfAborted();
    if (!isPassing(error)) throw error;
    return [{ ...finding, message: error.message }];
  }
}

/** Each apiserver lists itself when it starts; pods reach the API only through those. */
async function endpointFindings({ client, controlPlanes, signal }: VerifyOptions): Promise<ClusterFinding[]> {
  const listed = await endpointAddresses(client, { namespace: 'default', name: 'kubernetes', signal });
  const hint = 'each apiserver renews its entry every 10 s';
  return controlPlanes.flatMap(({ name: node, nodeIp }): ClusterFinding[] => {
    if (listed.has(nodeIp)) return [];
    return [
      {
        code: 'endpoint-missing',
        severity: 'warning',
        node,
        message: `${nodeIp} is not an endpoint of the kubernetes Service`,
        hint,
      },
    ];
  });
}

async function leaseFindings({ client, signal }: VerifyOptions): Promise<ClusterFinding[]> {
  const path = resourcePath({ apiVersion: 'coordination.k8s.io/v1', resource: 'leases', namespace: 'kube-system' });
  const { status, headers, text } = await client.raw(path, { signal, timeoutMs: CHECK_TIMEOUT_MS });
  if (status !== 200) {
    throw apiError({ httpStatus: status, body: text, request: `GET ${path}`, label: client.transport.label });
  }
  const { items } = JSON.parse(text) as { items: Lease[] };
  // The server's clock, since the operator's may differ from all of theirs.
  const nowMs = Date.parse(headers.date ?? '');
  return ELECTED.flatMap((component): ClusterFinding[] => {
    const lease = items.find(({ metadata }) => metadata.name === component);
    if (lease && isHeld(lease, nowMs)) return [];
    return [{ code: 'no-leader', severity: 'warning', message: `no ${component} holds the leader lease` }];
  });
}

function isHeld({ spec }: Lease, nowMs: number): boolean {
  const renewedMs = Date.parse(spec?.renewTime ?? '');
  const lifetimeMs = (spec?.leaseDurationSeconds ?? 0) * 1000 + LEASE_TOLERANCE_MS;
  return Boolean(spec?.holderIdentity) && nowMs - renewedMs <= lifetimeMs;
}

/** Logs, exec and port-forward go this way. */
async function kubeletFindings({ client, signal }: VerifyOptions, node: string): Promise<ClusterFinding[]> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'nodes', name: node, subresource: 'proxy' });
  const { status, text } = await client.raw(`${path}/healthz`, { signal, timeoutMs: CHECK_TIMEOUT_MS });
  // A Node that is not there is told of by itself.
  if (status === 200 || status === 404) return [];
  const message = `a kube-apiserver does not reach its kubelet: HTTP ${status} ${text.slice(0, MOST_WORDS)}`;
  return [{ code: 'kubelet-not-reached', severity: 'error', node, message }];
}

async function endpointAddresses(
  client: KubeClient,
  { signal, ...place }: { namespace: string; name: string; signal: AbortSignal },
): Promise<Set<string>> {
  // Endpoints, not EndpointSlices: of one Service they are one object, known by its name.
  const path = resourcePath({ apiVersion: 'v1', resource: 'endpoints', ...place });
  const endpoints = await client
    .get<Endpoints>(path, { signal, timeoutMs: CHECK_TIMEOUT_MS })
    .catch((error: unknown) => {
      if (hasCode(error, 'kube-not-found')) return undefined;
      throw error;
    });
  return new Set((endpoints?.subsets ?? []).flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip)));
}
