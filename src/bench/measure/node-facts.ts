import { scriptText } from '../../node/script-text.js';
import { bashScript } from '../../ssh/bash-script.js';
import type { NodeEnvironment } from '../record/environment-schema.js';
import type { BenchNode } from './bench-node.js';

/** What the environment tells of a node, one `key=value` a line; what a machine does not know stays away. */
const SCRIPT = scriptText('bench-environment.bash');

type NodeFacts = Omit<NodeEnvironment, 'podMtu'>;

/** Reads one node's identity over SSH. */
export async function readNodeFacts(node: BenchNode, signal: AbortSignal): Promise<NodeFacts> {
  const { command, ...script } = bashScript(SCRIPT, node.address);
  const { stdout } = await node.session.exec(command, {
    label: 'read the environment',
    root: true,
    ...script,
    timeoutMs: 20_000,
    signal,
  });
  return nodeFacts(node, stdout);
}

/** @param text What the script printed */
export function nodeFacts(
  node: Pick<BenchNode, 'name' | 'role' | 'schedulable' | 'bootId' | 'object'>,
  text: string,
): NodeFacts {
  const pairs = text
    .split('\n')
    .map((line): [string, string] => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')]);
  const all = (key: string): string[] => pairs.filter(([name]) => name === key).map(([, value]) => value.trim());
  const one = (key: string): string | null => all(key)[0] || null;
  const number = (key: string): number => Number(one(key) ?? 0);
  const physical = one('physical') !== null;
  const { name, role, schedulable, bootId, object } = node;
  const info = object.status?.nodeInfo;
  return {
    name,
    role,
    schedulable,
    bootId,
    os: one('os') ?? 'unknown',
    kernel: one('kernel') ?? 'unknown',
    arch: one('arch') ?? 'unknown',
    cpu: {
      model: one('cpu') ?? 'unknown',
      cores: Math.max(1, number('cores')),
      governor: one('governor'),
      mitigations: all('mitigation'),
    },
    memoryBytes: number('memory') * 1024,
    kubelet: info?.kubeletVersion ?? 'unknown',
    containerRuntime: info?.containerRuntimeVersion ?? 'unknown',
    nic: {
      name: one('nic') ?? 'unknown',
      driver: one('driver') ?? 'unknown',
      firmware: one('firmware'),
      kind: physical ? 'physical' : 'virtual',
      // The kernel says -1 where a link has no speed.
      bitsPerSecond: number('speed') > 0 ? number('speed') * 1e6 : null,
      mtu: number('mtu'),
      qdisc: one('qdisc') ?? 'unknown',
      offloads: all('offload'),
    },
  };
}
