import type { ClusterSpec } from '../config/spec.js';
import { hostKeyPolicyOf } from '../config/ssh-settings.js';
import { connect, createConnectLimits } from '../ssh/connect.js';
import { JumpPool } from '../ssh/jump-pool.js';
import type { Connection } from '../ssh/transport.js';
import type { NodeRecord } from '../state/records.js';

export interface NodeConnectorOptions {
  spec: ClusterSpec;
  nodeRecords: ReadonlyMap<string, NodeRecord>;
}

/** Opens SSH connections to the spec's nodes by name; they share jump hosts and a limit on handshakes. */
export function nodeConnector({ spec, nodeRecords }: NodeConnectorOptions) {
  const { configFile, user, connectTimeoutMs } = spec.ssh ?? {};
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
      policy: hostKeyPolicyOf(spec.ssh),
      retryDropped: options.retryDropped,
      jumpPool,
      limits,
      signal,
      ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
      ...(user !== undefined && { defaults: { user } }),
      ...(configFile !== undefined && { configFile }),
      ...(node.hostKeys && { pins: node.hostKeys }),
      ...(recorded && { recorded }),
    });
  };
}
