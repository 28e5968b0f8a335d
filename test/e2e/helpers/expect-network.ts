import { expect } from 'vitest';
import type { World } from './cluster-world.js';
import { dnsOverTcp, lookFromPod, type NetworkFacts, networkFacts, type SeenFromPod } from './network-checks.js';
import { createThroughWebhook } from './webhook.js';
import { deployEcho, type EchoPod, eventually } from './workload.js';

/** DNS service of the default service network. */
const DNS_ADDRESS = '10.96.0.10';

/**
 * What issue after issue asks of a cluster: pods reach every pod with their source address kept, services answer by
 * ClusterIP and NodePort from every node, a pod reaches itself by its service, DNS answers over UDP and TCP, host
 * processes reach ClusterIPs, and the apiserver reaches a webhook there.
 */
export async function expectWorkingNetwork(world: World): Promise<void> {
  const { operator, lab, nodes } = world;
  const pods = await deployEcho(operator, nodes.length);
  expect(pods.map(({ node }) => node).toSorted()).toEqual(nodes.toSorted());
  const facts = await networkFacts(operator, pods);
  await eventually(() =>
    operator.kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=60s'),
  );

  // A pod is Ready a moment before the last kube-proxy has heard of it.
  for (const pod of pods)
    await eventually(async () => expectReach(pod, await lookFromPod(operator, pod, facts), facts));
  const everyPod = pods.map(({ name }) => name);
  for (const node of nodes) {
    const http = await lab.exec(node, ['curl', '-sS', '-m', '5', `http://${facts.echoIp}/`]);
    expect(everyPod, `ClusterIP from a process of ${node}: ${http.stderr}`).toContain(
      (JSON.parse(http.stdout) as { pod: string }).pod,
    );
    const dns = await lab.exec(node, ['bash', '-c', dnsOverTcp(DNS_ADDRESS)]);
    expect(dns.stdout.trim(), `DNS over TCP from ${node}: ${dns.stderr}`).toMatch(/^0\s+1$/);
  }
  await createThroughWebhook(operator);
}

function expectReach(pod: EchoPod, seen: SeenFromPod, { pods, nodeIps, echoIp }: NetworkFacts): void {
  for (const { ip, name, node } of pods) {
    expect(seen.direct[ip], `${pod.name} -> ${name}`).toEqual({ pod: name, node, client: pod.ip });
  }
  expect(Object.keys(seen.nodePort), `NodePorts from ${pod.name}`).toEqual(nodeIps);
  const everyPod = pods.map(({ name }) => name).toSorted();
  expect(seen.clusterIp.toSorted(), `ClusterIP from ${pod.name}, itself among the backends`).toEqual(everyPod);
  expect(seen.dns, `DNS in ${pod.name}`).toContain(echoIp);
}
