import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import { hostKeyPolicyOf } from '../config/ssh-settings.js';
import { connect, createConnectLimits } from '../ssh/connect.js';
import type { ConnectOptions } from '../ssh/connect-options.js';
import type { EffectiveConfig } from '../ssh/effective-config.js';
import { JumpHostKeys } from '../ssh/jump-host-keys.js';
import { JumpPool } from '../ssh/jump-pool.js';
import type { Connection, HostKey } from '../ssh/transport.js';
import type { NodeRecord } from '../state/records.js';

export interface NodeConnectorOptions {
  spec: Pick<ClusterSpec, 'nodes' | 'ssh'>;
  nodeRecords: ReadonlyMap<string, NodeRecord>;
  /** By name in known_hosts: as recorded; what is believed is added. */
  jumpHosts: Map<string, HostKey>;
  /** Where they are recorded. */
  jumpHostsFile: string;
  /** Told of a key that is believed because it is the first. */
  onNewJumpHost: (message: string) => void;
  /** Silence after which a connection counts as lost. Default: ssh_config's, else that of `connect`. */
  keepalive?: ConnectOptions['keepalive'];
  /** The one key that is offered. Default: what ssh_config and an agent give. */
  identity?: string | undefined;
}

/** Opens SSH connections to the spec's nodes by name; they share jump hosts and a limit on handshakes. */
export function nodeConnector(options: NodeConnectorOptions) {
  const { spec, nodeRecords } = options;
  const { configFile, user, connectTimeout: connectTimeoutMs } = spec.ssh ?? {};
  const nodes = new Map(spec.nodes.map((node) => [node.name, node]));
  const jumpPool = new JumpPool(
    new JumpHostKeys({
      believed: options.jumpHosts,
      file: options.jumpHostsFile,
      forgets: (host) => spec.nodes.some((node) => mayBe(node, nodeRecords.get(node.name), host)),
      onNew: options.onNewJumpHost,
    }),
  );
  const limits = createConnectLimits();
  return (
    name: string,
    signal: AbortSignal,
    { retryDropped }: { retryDropped?: boolean } = {},
  ): Promise<Connection> => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`${name} is not a node of this cluster`);
    const recorded = nodeRecords.get(name)?.hostKey;
    return connect({
      target: node.ssh,
      name,
      policy: hostKeyPolicyOf(spec.ssh),
      retryDropped,
      jumpPool,
      limits,
      signal,
      ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
      ...(options.keepalive && { keepalive: options.keepalive }),
      identity: options.identity,
      ...(user !== undefined && { defaults: { user } }),
      ...(configFile !== undefined && { configFile }),
      ...(node.hostKeys && { pins: node.hostKeys }),
      ...(recorded && { recorded }),
    });
  };
}

/** Told by all that is known of where the node is reached; that it is another port tells them apart. */
function mayBe({ name, ssh, nodeIp }: NodeSpec, record: NodeRecord | undefined, host: EffectiveConfig): boolean {
  const places = [name, ssh.host, nodeIp, record?.nodeIp];
  return (places.includes(host.alias) || places.includes(host.hostname)) && (ssh.port ?? host.port) === host.port;
}
