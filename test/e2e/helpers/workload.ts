import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Operator } from './cli.js';
import type { World } from './cluster-world.js';

/** One echo pod on every node, behind a ClusterIP and a NodePort. */
export const NODE_PORT = 30080;
const IMAGE = 'k8s-diskless.test/echo:1';

const LABELS = { app: 'echo' };

function objects(nodes: number): object[] {
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'echo', port: 8081, targetPort: 8081 },
  ];
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'echo', namespace: 'default' },
      spec: {
        replicas: nodes,
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS },
          spec: {
            terminationGracePeriodSeconds: 0,
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [
                  { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: LABELS } },
                ],
              },
            },
            containers: [
              {
                name: 'echo',
                image: IMAGE,
                imagePullPolicy: 'Never',
                env: [
                  { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                  { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                ],
                readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'echo', namespace: 'default' },
      spec: { selector: LABELS, ports },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'echo-port', namespace: 'default' },
      spec: { type: 'NodePort', selector: LABELS, ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }] },
    },
  ];
}

export interface EchoPod {
  name: string;
  ip: string;
  node: string;
}

/** Applies the workload and waits until every node runs its pod. */
export async function deployEcho(operator: Operator, nodes: number, patienceSeconds = 90): Promise<EchoPod[]> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects(nodes) };
  await operator.kubectlWith(JSON.stringify(list), 'apply', '-f', '-');
  await operator.kubectl('rollout', 'status', 'deployment/echo', `--timeout=${patienceSeconds}s`);
  return echoPods(operator);
}

/**
 * The workload as it was applied before serves: one pod on each of these nodes, its Service answers every one of them.
 * Nothing is applied here, so that whatever was lost shows.
 */
export async function expectEcho({ operator, lab }: Pick<World, 'operator' | 'lab'>, nodes: readonly string[]) {
  await operator.kubectl('rollout', 'status', 'deployment/echo', '--timeout=90s');
  const service = ['get', 'service', 'echo', '-o', 'jsonpath={.spec.clusterIP}'];
  const ip = await operator.kubectl(...service);
  const answered = nodes.map((node) =>
    eventually(async () => {
      const answer = await lab.exec(node, ['curl', '-sSf', '-m', '5', `http://${ip}/`]);
      if (answer.code !== 0) throw new Error(`${node} does not reach the service: ${answer.stderr}`);
    }),
  );
  await Promise.all(answered);
  expect((await echoPods(operator)).map(({ node }) => node).toSorted()).toEqual(nodes.toSorted());
}

export async function echoPods(operator: Operator): Promise<EchoPod[]> {
  const { items } = JSON.parse(await operator.kubectl('get', 'pods', '-l', 'app=echo', '-o', 'json')) as {
    items: {
      metadata: { name: string; deletionTimestamp?: string };
      status: { podIP: string };
      spec: { nodeName: string };
    }[];
  };
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, status, spec }) => ({ name: metadata.name, ip: status.podIP, node: spec.nodeName }));
}

/** What the echo pods answer. */
export interface Answer {
  pod: string;
  node: string;
  client: string;
}

/** Repeats until it succeeds or 30 s are over; the last failure is what is thrown. */
export async function eventually<T>(attempt: () => Promise<T>, seconds = 30): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(250);
    }
  }
}
