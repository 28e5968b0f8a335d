import type { ComponentContext, EtcdBootstrap, Peer } from '../components/context.js';
import { componentsFor } from '../components/roster.js';
import type { NodeSpec } from '../config/spec.js';
import { specOfComponent } from '../config/upgrade-stages.js';
import { versionRow } from '../config/version-table.js';
import { peerUrl } from '../etcd/peer-url.js';
import type { DesiredNode } from '../node/desired.js';
import type { EtcdOrders } from '../plan/etcd-order-types.js';
import type { ClusterRecord } from '../state/records.js';
import type { Run } from './context.js';
import type { FitNode } from './hosts.js';
import { inOrderOfNeed } from './image-order.js';
import { archOf, traitsOf } from './traits.js';

/** Every node whose address is known, from this run's facts or from the last run's records. */
export function peersOf({ options, memory }: Run, fit: readonly FitNode[]): Peer[] {
  const seen = new Map(fit.map(({ node, nodeIp }) => [node.name, nodeIp]));
  return options.spec.nodes.flatMap((node) => {
    const nodeIp = seen.get(node.name) ?? memory.nodeRecords.get(node.name)?.nodeIp ?? node.nodeIp;
    return nodeIp === undefined ? [] : [peer(node, nodeIp)];
  });
}

const peer = (node: NodeSpec, nodeIp: string): Peer => ({
  name: node.name,
  nodeIp,
  podCidr: node.podCidr,
  controlPlane: node.role === 'control-plane',
});

export interface DesiredNodeInput {
  host: FitNode;
  peers: Peer[];
  record: ClusterRecord;
  orders: EtcdOrders;
}

interface BootstrapInput extends Omit<DesiredNodeInput, 'host'> {
  host: Pick<FitNode, 'node'>;
}

/** What a node should hold: components, PKI and images. */
export async function desiredNode(context: Run, input: DesiredNodeInput): Promise<DesiredNode> {
  const { spec, content, state } = context.options;
  const { node, facts, nodeIp, linkName } = input.host;
  const etcdBootstrap = bootstrapFor(input);
  const { upgrade } = input.record;
  const componentContext: ComponentContext = {
    spec,
    version: versionRow(spec.kubernetes),
    node,
    nodeIp,
    traits: traitsOf(facts, linkName),
    peers: input.peers,
    artifacts: await content.artifacts(archOf(facts)),
    ...(etcdBootstrap && { etcdBootstrap }),
  };
  const pkiFiles = state.pki.nodeFiles({ spec, node });
  const pki = { component: 'node' as const, files: pkiFiles, units: [] };
  const components = [pki, ...componentsFor(componentContext, (id) => specOfComponent(spec, upgrade, id))];
  return { components, images: inOrderOfNeed(await content.images(archOf(facts)), spec) };
}

/** What etcd is told at its first start, where a life begins. */
export function bootstrapFor({ host, peers, record, orders }: BootstrapInput): EtcdBootstrap | undefined {
  const order = orders.members.get(host.node.name)?.do;
  if (order !== 'bootstrap' && order !== 'resume-bootstrap') return undefined;
  const initialCluster = peers
    .filter(({ name }) => record.etcd.members.includes(name))
    .map(({ name, nodeIp }) => ({ name, peerUrl: peerUrl(nodeIp) }));
  // A restored member has its data and ignores this. One that came to be without must not begin anew, under the ID and in
  // the log of the others, of whose objects it has none: `existing` lets the leader bring it what it lacks.
  const initialClusterState = record.etcd.origin === undefined ? 'new' : 'existing';
  return { token: record.etcd.token, initialClusterState, initialCluster };
}
