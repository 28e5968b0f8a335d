import type { KubeClient } from '../../kube/client.js';
import { resourcePath } from '../../kube/paths.js';
import { scriptText } from '../../node/script-text.js';
import { bashScript } from '../../ssh/bash-script.js';
import type { Round } from '../record/rounds-schema.js';
import type { BenchNode } from './bench-node.js';
import { NAMESPACE, type Pod } from './manifests.js';

type NodeLoad = Round['load'][number];

/** The window is the measurement: what the processors did in it. */
const SCRIPT = scriptText('bench-load.bash');

/** What every node does while we do nothing. */
export async function idleLoad(
  nodes: readonly BenchNode[],
  { client, signal }: { client: KubeClient; signal: AbortSignal },
): Promise<NodeLoad[]> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods' });
  const { items } = await client.list<Pod>(path, { query: { fieldSelector: 'status.phase=Running' }, signal });
  const ours = new Set([NAMESPACE, 'kube-system']);
  const foreign = items.filter(({ metadata }) => !ours.has(metadata.namespace ?? ''));
  return Promise.all(
    nodes.map(async ({ name, session }) => {
      const { command, ...script } = bashScript(SCRIPT);
      const { stdout } = await session.exec(command, { label: 'read the load', ...script, timeoutMs: 20_000, signal });
      return {
        node: name,
        ...parseLoad(stdout),
        foreignPods: foreign.filter(({ spec }) => spec.nodeName === name).length,
      };
    }),
  );
}

/** @param text What the script printed */
export function parseLoad(text: string): Omit<NodeLoad, 'node' | 'foreignPods'> {
  const lines = new Map(
    text.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line.split(' ').slice(1).map(Number)]),
  );
  const first = (key: string): number => lines.get(key)?.[0] ?? 0;
  const [before = [], after = []] = [lines.get('before'), lines.get('after')];
  const passed = after.slice(0, 8).map((ticks, index) => ticks - (before[index] ?? 0));
  const total = passed.reduce((sum, ticks) => sum + ticks, 0);
  // The fourth and the fifth column are idle and waiting for a disk (proc(5)).
  const idle = (passed[3] ?? 0) + (passed[4] ?? 0);
  const busy = total > 0 ? Math.min(1, Math.max(0, 1 - idle / total)) : 0;
  const pressure = lines.has('cpu') ? { cpu: first('cpu'), io: first('io'), memory: first('memory') } : null;
  return { load1: first('load'), cpuBusy: busy, pressure };
}
