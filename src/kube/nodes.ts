import { isDeepStrictEqual } from 'node:util';
import { type DisklessError, refusal } from '../errors.js';
import { hasCode } from './api-errors.js';
import type { KubeClient } from './client.js';
import { CONTROL_PLANE, CONTROL_PLANE_TAINT } from './control-plane-role.js';
import { taintText } from './node-taints.js';
import type { KubeNode, NodeAddress, Taint } from './objects.js';
import { resourcePath } from './paths.js';

/** A Node object as far as the administrator, not the kubelet, decides about it. */
export interface WantedNode {
  name: string;
  podCidr: string;
  labels: Record<string, string>;
  taints: Taint[];
  /** As the kubelet will report them. */
  addresses: NodeAddress[];
}

export interface WantedNodeInput {
  name: string;
  podCidr: string;
  /** What its kubelet is given as --node-ip. */
  nodeIp: string;
  controlPlane: boolean;
  /** From the configuration. */
  labels: Record<string, string>;
  /** From the configuration, as kubectl writes them: `key=value:Effect`. */
  taints?: readonly string[] | undefined;
  taintControlPlane: boolean;
}

/** Keys of the labels we set, so that one taken out of the configuration is taken off the node. */
const LABELS_ANNOTATION = 'k8s-diskless/labels';
/** The same of taints, beside that of the role; absent where there are none. */
const TAINTS_ANNOTATION = 'k8s-diskless/taints';
/** Room for no pod keeps the scheduler away until the kubelet has reported. */
const NO_CAPACITY = { pods: '0' };
const CIDR_MISMATCH = 'node-pod-cidr-mismatch';
const NODES = { apiVersion: 'v1', resource: 'nodes' };
/** The kubelet and the controllers write Node objects too; more conflicts in a row are not chance. */
const CONFLICT_ATTEMPTS = 6;

/** Labels and taints a kubelet may not give itself (NodeRestriction), and the pod CIDR nobody else allocates. */
export function wantedNode(input: WantedNodeInput): WantedNode {
  return {
    name: input.name,
    podCidr: input.podCidr,
    labels: {
      'kubernetes.io/hostname': input.name,
      ...(input.controlPlane && { [CONTROL_PLANE]: '' }),
      ...input.labels,
    },
    taints: [
      ...(input.controlPlane && input.taintControlPlane ? [CONTROL_PLANE_TAINT] : []),
      ...(input.taints ?? []).map(taintOf),
    ],
    // kubelet/nodestatus/setters.go, NodeAddress: these two, in this order, of --node-ip and --hostname-override.
    addresses: [
      { type: 'InternalIP', address: input.nodeIp },
      { type: 'Hostname', address: input.name },
    ],
  };
}

export interface ReconcileNodesOptions {
  client: KubeClient;
  nodes: readonly WantedNode[];
  signal: AbortSignal;
}

export interface ReconciledNodes {
  /** Node name → what was changed; no entry: nothing. */
  changes: Map<string, string[]>;
  /** Node name → why its object cannot become what is wanted. */
  refused: Map<string, DisklessError>;
}

/**
 * Creates Node objects before their kubelets come (which then find podCIDR, labels and taints there), and patches
 * existing ones only where they differ.
 */
export async function reconcileNodes({ client, nodes, signal }: ReconcileNodesOptions): Promise<ReconciledNodes> {
  const { items } = await client.list<KubeNode>(resourcePath(NODES), { signal });
  const existing = new Map(items.map((node) => [node.metadata.name, node]));
  const changes = new Map<string, string[]>();
  const refused = new Map<string, DisklessError>();
  const reconcile = async (wanted: WantedNode): Promise<void> => {
    try {
      const changed = await reconcileNode({ client, wanted, found: existing.get(wanted.name), signal });
      if (changed.length > 0) changes.set(wanted.name, changed);
    } catch (error) {
      if (!hasCode(error, CIDR_MISMATCH)) throw error;
      refused.set(wanted.name, error);
    }
  };
  await Promise.all(nodes.map(reconcile));
  return { changes, refused };
}

interface ReconcileNodeOptions {
  client: KubeClient;
  wanted: WantedNode;
  found: KubeNode | undefined;
  signal: AbortSignal;
}

async function reconcileNode({ client, wanted, found, signal }: ReconcileNodeOptions): Promise<string[]> {
  const path = resourcePath({ ...NODES, name: wanted.name });
  const changes: string[] = [];
  let current = found;
  for (let attempt = 1; ; attempt++) {
    try {
      if (current === undefined) {
        await client.create(resourcePath(NODES), newNode(wanted), { signal });
        return ['node object'];
      }
      const difference = nodeDifference(wanted, current);
      if (difference !== undefined) {
        current = await client.patch<KubeNode>(path, { type: 'merge', body: difference.patch, signal });
        changes.push(...difference.changes);
      }
      const status = addressDifference(wanted, current);
      if (status === undefined) return changes;
      // The object itself takes no status once it exists.
      const statusPath = resourcePath({ ...NODES, name: wanted.name, subresource: 'status' });
      await client.patch(statusPath, { type: 'merge', body: status, signal });
      return [...changes, 'addresses'];
    } catch (error) {
      const raced = hasCode(error, 'kube-conflict') || hasCode(error, 'kube-already-exists');
      if (!raced || attempt >= CONFLICT_ATTEMPTS) throw error;
      current = await client.get<KubeNode>(path, { signal });
    }
  }
}

function newNode({ name, podCidr, labels, taints, addresses }: WantedNode): KubeNode {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels, annotations: { [LABELS_ANNOTATION]: labelKeys(labels), ...taintsNoted(taints) } },
    spec: { podCIDR: podCidr, podCIDRs: [podCidr], ...(taints.length > 0 && { taints }) },
    status: { capacity: NO_CAPACITY, allocatable: NO_CAPACITY, addresses },
  };
}

export interface NodeDifference {
  /** JSON merge patch, with resourceVersion: taints are replaced as a list and must not lose a concurrent one. */
  patch: object;
  changes: string[];
}

/** Pure; undefined when nothing differs. Throws where the object cannot be changed into what is wanted. */
export function nodeDifference(wanted: WantedNode, found: KubeNode): NodeDifference | undefined {
  const labels = labelDifference(wanted, found);
  const taints = taintDifference(wanted, found);
  const podCidr = podCidrDifference(wanted, found);
  const keys = labelKeys(wanted.labels);
  const noted = found.metadata.annotations ?? {};
  const own = taintsNoted(wanted.taints)[TAINTS_ANNOTATION];
  const annotation = noted[LABELS_ANNOTATION] !== keys || noted[TAINTS_ANNOTATION] !== own;
  const changes = [
    ...Object.keys(labels).map((key) => `label ${key}`),
    ...(taints ? ['taints'] : []),
    ...(podCidr ? ['podCIDR'] : []),
  ];
  if (changes.length === 0 && !annotation) return undefined;
  const { resourceVersion } = found.metadata;
  const annotations = {
    [LABELS_ANNOTATION]: keys,
    ...(noted[TAINTS_ANNOTATION] !== own && { [TAINTS_ANNOTATION]: own ?? null }),
  };
  const metadata = { resourceVersion, labels, annotations };
  const spec = { ...podCidr, ...(taints && { taints }) };
  return { patch: { metadata, spec }, changes: changes.length > 0 ? changes : ['annotation'] };
}

/** Label patches; null takes one off. */
function labelDifference({ labels }: WantedNode, { metadata }: KubeNode): Record<string, string | null> {
  const found = metadata.labels ?? {};
  const ours = (metadata.annotations?.[LABELS_ANNOTATION] ?? '').split(',');
  const obsolete = [...ours, CONTROL_PLANE].filter((key) => key in found && !(key in labels));
  const missing = Object.entries(labels).filter(([key, value]) => found[key] !== value);
  return { ...Object.fromEntries(obsolete.map((key) => [key, null])), ...Object.fromEntries(missing) };
}

/** The whole new list; only the role's taint and those of the configuration are ours, others (not-ready, a person's) stay. */
function taintDifference({ taints }: WantedNode, { metadata, spec }: KubeNode): Taint[] | undefined {
  const found = spec.taints ?? [];
  const noted = (metadata.annotations?.[TAINTS_ANNOTATION] ?? '').split(',');
  const own = new Set([...noted, taintId(CONTROL_PLANE_TAINT), ...taints.map(taintId)]);
  const mine = (taint: Taint): boolean => own.has(taintId(taint));
  const same = isDeepStrictEqual(taintTexts(found.filter(mine)), taintTexts(taints));
  return same ? undefined : [...found.filter((taint) => !mine(taint)), ...taints];
}

/** What there may be one of: the API takes no two with the same key and effect. */
const taintId = ({ key, effect }: Taint): string => `${key}:${effect}`;

const taintTexts = (taints: readonly Taint[]): string[] => taints.map(taintText).toSorted();

function taintsNoted(taints: readonly Taint[]): Record<string, string> {
  const ids = taints.map(taintId).filter((id) => id !== taintId(CONTROL_PLANE_TAINT));
  return ids.length === 0 ? {} : { [TAINTS_ANNOTATION]: ids.toSorted().join(',') };
}

function taintOf(written: string): Taint {
  const [named = '', effect] = written.split(':');
  const [key = '', value] = named.split('=');
  return { key, ...(value && { value }), effect: effect as Taint['effect'] };
}

function podCidrDifference({ name, podCidr }: WantedNode, { spec }: KubeNode): object | undefined {
  if (spec.podCIDR === podCidr) return undefined;
  if (!spec.podCIDR) return { podCIDR: podCidr, podCIDRs: [podCidr] };
  throw refusal({
    code: CIDR_MISMATCH,
    host: name,
    message: `its Node object has podCIDR ${spec.podCIDR}, which cannot be changed, and ${podCidr} is what it was allocated`,
    hint: `if its pods may go: k8s-diskless kubectl -- delete node ${name}, then the same command again`,
  });
}

/**
 * kube-proxy waits at its start until its Node has an address (from 1.31 on), and ends when that changes: it must be there
 * before the kubelet's first report, and be the same. What a cloud provider has added is his.
 */
function addressDifference({ addresses }: WantedNode, { metadata, status }: KubeNode): object | undefined {
  const isThere = (wanted: NodeAddress): boolean =>
    status?.addresses?.some(({ type, address }) => type === wanted.type && address === wanted.address) ?? false;
  const nodeIps = addresses.filter(({ type }) => type === 'InternalIP');
  if (nodeIps.every(isThere)) return undefined;
  return { metadata: { resourceVersion: metadata.resourceVersion }, status: { addresses } };
}

function labelKeys(labels: Record<string, string>): string {
  return Object.keys(labels).toSorted().join(',');
}
