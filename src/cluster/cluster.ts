import { type ClusterSpec, controlPlanes } from '../config/spec.js';
import { DisklessError } from '../errors.js';
import { createEtcdGateway, type EtcdGateway, type EtcdMember } from '../etcd/gateway.js';
import type { GrpcServer } from '../etcd/grpc.js';
import { peerMembers } from '../etcd/peer-members.js';
import type { OpenStream } from '../http/secure-stream.js';
import { hasCode } from '../kube/api-errors.js';
import { createKubeClient, type KubeClient } from '../kube/client.js';
import { failover } from '../kube/failover.js';
import { OWN_PORTS } from '../node/ports.js';
import type { OperatorIdentities } from '../pki/operator-tls.js';
import type { Connection } from '../ssh/transport.js';
import { ClientCache } from './client-cache.js';
import { NodeSession } from './node-session.js';

/** Both listen on loopback too, and their certificates carry it: no route of the operator's is needed. */
const LOOPBACK = '127.0.0.1';

export interface ClusterOptions {
  spec: ClusterSpec;
  sessions: ReadonlyMap<string, NodeSession>;
  /** Asked on first use: on a new cluster the certificates do not exist before the plan is made. */
  identities: () => Promise<OperatorIdentities>;
  /** Of each apiserver's client. Default: as many as the client has. */
  maxSockets?: number;
  /** Default: the system's. */
  monotonicMs?: () => number;
  /** Called before anything is closed. */
  onClose?: () => void;
}

export interface OpenClusterOptions extends Omit<ClusterOptions, 'sessions' | 'onClose'> {
  /** Opens an SSH connection to a node of the spec. */
  connect: (node: string, signal: AbortSignal) => Promise<Connection>;
  /** Told of a lost connection that is answered by another one. */
  onLoss?: (node: string, loss: DisklessError) => void;
  /** Ends what is done on its machines. Default: only `close` does. */
  signal?: AbortSignal;
}

/** Connects to nobody yet: whatever is used is opened then, and `close` ends all of it. */
export function openCluster({ connect, onLoss, signal, ...options }: OpenClusterOptions): Cluster {
  const life = new AbortController();
  const either = signal === undefined ? life.signal : AbortSignal.any([signal, life.signal]);
  const sessions = options.spec.nodes.map(({ name }): [string, NodeSession] => {
    const open = (own: AbortSignal) => connect(name, own);
    const told = onLoss && { onLoss: (loss: DisklessError) => onLoss(name, loss) };
    return [name, new NodeSession({ name, open, signal: either, ...told })];
  });
  return new Cluster({ ...options, sessions: new Map(sessions), onClose: () => life.abort() });
}

/**
 * A cluster as the operator works with it: its machines over SSH, its etcd and its apiservers through the control planes'
 * SSH connections.
 */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #gateways: ClientCache<EtcdGateway>;
  readonly #clients: ClientCache<KubeClient>;
  #kube: { over: readonly KubeClient[]; client: KubeClient } | undefined;

  constructor(options: ClusterOptions) {
    const { identities, monotonicMs = () => performance.now() } = options;
    this.#options = options;
    this.#gateways = new ClientCache({ identity: async () => (await identities()).etcd, monotonicMs });
    this.#clients = new ClientCache({ identity: async () => (await identities()).kubernetes, monotonicMs });
  }

  /** One machine, for as long as the cluster is open. */
  session(node: string): NodeSession {
    const session = this.#options.sessions.get(node);
    if (session === undefined) throw new Error(`${node} is not a node of this cluster`);
    return session;
  }

  /** Whichever control plane lives. */
  async kube(): Promise<KubeClient> {
    const names = controlPlanes(this.#options.spec).map(({ name }) => name);
    const clients = await Promise.all(names.map((name) => this.kubeOf(name)));
    const known = this.#kube;
    if (known && clients.every((client, index) => client === known.over[index])) return known.client;
    this.#kube = { over: clients, client: failover(clients) };
    return this.#kube.client;
  }

  /** The apiserver of one control plane. */
  kubeOf(node: string): Promise<KubeClient> {
    const { spec, maxSockets } = this.#options;
    return this.#clients.get(node, (tls) =>
      createKubeClient({
        node,
        connect: (signal) => this.session(node).forward(LOOPBACK, spec.apiServer.port, signal),
        serverName: LOOPBACK,
        tls,
        ...(maxSockets !== undefined && { maxSockets }),
      }),
    );
  }

  /** The etcd member of one control plane. */
  etcdOf(node: string): Promise<EtcdGateway> {
    return this.#gateways.get(node, (tls) =>
      createEtcdGateway({ node, connect: this.#toEtcd(node), serverName: LOOPBACK, tls }),
    );
  }

  /** The same member, for answers in many parts. */
  async etcdStreamsOf(node: string): Promise<GrpcServer> {
    const { etcd: identity } = await this.#options.identities();
    return { label: `etcd of ${node}`, host: node, open: this.#toEtcd(node), serverName: LOOPBACK, identity };
  }

  #toEtcd(node: string): OpenStream {
    return (signal) => this.session(node).forward(LOOPBACK, OWN_PORTS.etcdClient.port, signal);
  }

  /**
   * Whom that member knows as members, whether or not a quorum answers.
   *
   * @param addresses where it may listen for its peers: it was started with one of them
   */
  async knownToMember(node: string, addresses: readonly string[], signal: AbortSignal): Promise<EtcdMember[]> {
    const { etcd } = await this.#options.identities();
    const ask = (address: string): Promise<EtcdMember[]> =>
      peerMembers({
        node,
        connect: (own) => this.session(node).forward(address, OWN_PORTS.etcdPeer.port, own),
        serverName: address,
        tls: etcd,
        signal,
      });
    return Promise.any(addresses.map(ask)).catch(({ errors }: AggregateError) => {
      throw errors[0];
    });
  }

  /**
   * The first of these members that answers a linearizable read, which proves a quorum.
   *
   * @throws DisklessError `etcd-no-answer` when none does, `rebooted` when all of them were
   */
  quorumThrough(members: readonly string[], signal: AbortSignal): Promise<EtcdGateway> {
    const reads = members.map(async (name) => {
      const gateway = await this.etcdOf(name);
      await gateway.linearizableRead({ signal });
      return gateway;
    });
    return Promise.any(reads).catch((cause: AggregateError) => {
      signal.throwIfAborted();
      // Whoever waits for an answer would wait for machines that lost what they were asked for.
      const [rebooted] = cause.errors;
      if (cause.errors.every((error) => hasCode(error, 'rebooted'))) throw rebooted;
      const detail = cause.errors.map((error: Error) => error.message).join('\n');
      throw new DisklessError({
        code: 'etcd-no-answer',
        message: `no etcd member of ${members.join(', ')} answers`,
        detail,
        cause,
      });
    });
  }

  async close(): Promise<void> {
    this.#options.onClose?.();
    await Promise.all([this.#gateways.close(), this.#clients.close()]);
    await Promise.all([...this.#options.sessions.values()].map((session) => session.end()));
  }
}
