import { rosterOf } from '../components/roster.js';
import { controlPlanes } from '../config/spec.js';
import { refusal } from '../errors.js';
import type { KubeClient } from '../kube/client.js';
import { failover } from '../kube/failover.js';
import type { KubePod } from '../kube/objects.js';
import { resourcePath } from '../kube/paths.js';
import { cleanMachine } from './clean-machine.js';
import { orAbsent, type Removal } from './removal.js';

/** What is ours off its machine, then its Node object. @throws refusal `node-of-another-cluster` */
export async function takeOff(removal: Removal): Promise<void> {
  const { cluster, node, isGone, tell, signal } = removal;
  if (!isGone) {
    tell(`${node.name}: end what runs there, and take off what is ours`);
    await cleaned(removal);
  }
  tell(`${node.name}: delete its Node object`);
  const others = controlPlanes(removal.spec).filter(({ name }) => name !== node.name);
  const client = failover(await Promise.all(others.map(({ name }) => cluster.kubeOf(name))));
  const path = resourcePath({ apiVersion: 'v1', resource: 'nodes', name: node.name });
  await orAbsent(client.delete(path, { signal }));
  await endPods(client, node.name, signal);
}

/** Those that its kubelet left: it is no more, and will not say that they have ended. */
async function endPods(client: KubeClient, node: string, signal: AbortSignal): Promise<void> {
  const all = resourcePath({ apiVersion: 'v1', resource: 'pods' });
  const { items } = await client.list<KubePod>(all, { query: { fieldSelector: `spec.nodeName=${node}` }, signal });
  await Promise.all(
    items.map(({ metadata: { name, namespace } }) => {
      const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace, name });
      return orAbsent(client.delete(path, { query: { gracePeriodSeconds: 0 }, signal }));
    }),
  );
}

async function cleaned({ cluster, node, recorded, signal }: Removal): Promise<void> {
  const { clusterId, etcd } = recorded.record;
  const units = rosterOf(node.role).map(({ unit }) => unit);
  const session = cluster.session(node.name);
  const owner = await cleanMachine({ session, clusterId, incarnation: etcd.incarnation, units, signal });
  if (owner === undefined) return;
  throw refusal({
    code: 'node-of-another-cluster',
    host: node.name,
    message: `it belongs to another cluster by now (${owner}), and was left as it is`,
    hint: `k8s-diskless remove ${node.name} --gone, once it does not answer under this name`,
  });
}
