import type { ClusterSpec } from '../config/spec.js';
import { connect, createConnectLimits } from '../ssh/connect.js';
import { JumpPool } from '../ssh/jump-pool.js';
import type { Connection } from '../ssh/transport.js';
import type { NodeRecord } from '../state/records.js';
import type { RunInputs } from './inputs.js';

export interface NodeConnectorOptions {
  spec: ClusterSpec;
  nodeRecords: ReadonlyMap<string, NodeRecord>;
  ssh: RunInputs['ssh'];
}

/** Opens SSH connections to the spec's nodes by name; they share jump hosts and a limit on handshakes. */
export function nodeConnector({ spec, nodeRecords, ssh }: NodeConnectorOptions) {
  const nodes = new Map(spec.nodes.map((node) => [node.name, node]));
  const jumpPool = new JumpPool();
  const limits = createConnectLimits();
  return (name: string, signal: AbortSignal, options: { retryDropped?: boolean } = {}): Promise<Connection> => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`${name} is not a node of this cluster`);
    const recorded = nodeRecords.get(name)?.hostKey;
    return connect({
      target: node.ssh,
      name,
      policy: ssh.policy,
      connectTimeoutMs: ssh.connectTimeoutMs,
      retryDropped: options.retryDropped,
      jumpPool,
      limits,
      signal,
      ...(ssh.user !== undefined && { defaults: { user: ssh.user } }),
      ...(ssh.configFile !== undefined && { configFile: ssh.configFile }),
      ...(node.hostKeys && { pins: node.hostKeys }),
      ...(recorded && { recorded }),
    });
  };
}
