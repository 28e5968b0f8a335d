import { Cluster } from '../../src/cluster/cluster.js';
import type { NodeSession } from '../../src/cluster/node-session.js';
import { DisklessError } from '../../src/errors.js';
import type { EtcdGateway, EtcdHeader, EtcdMember, EtcdStatus } from '../../src/etcd/gateway.js';
import { peerUrl } from '../../src/etcd/peer-url.js';
import { sampleSpec } from './sample-facts.js';

type Operation = 'status' | 'read' | 'list' | 'add' | 'remove' | 'promote' | 'update' | 'known';

interface Fault {
  operation: Operation;
  code: string;
  /** Only the answer is lost. */
  carriedOut: boolean;
}

/**
 * The membership of an etcd cluster in memory. It stands in for the real one only where moments are to be provoked that
 * do not come on demand: a leader that changes during a promotion, an answer that is lost.
 */
export class FakeEtcd {
  readonly entries: EtcdMember[] = [];
  /** Names of the members that run. */
  readonly alive = new Set<string>();
  /** What stands under keys that were written. */
  readonly values = new Map<string, Buffer>();
  /** What was asked, e.g. `remove s5`. */
  readonly asked: string[] = [];
  readonly #faults: Fault[] = [];

  /** @param nodes name → node IP of the voters, all of which run */
  constructor(nodes: Record<string, string>) {
    for (const [name, nodeIp] of Object.entries(nodes)) {
      this.#enter({ name, url: peerUrl(nodeIp), isLearner: false });
      this.alive.add(name);
    }
  }

  /** The next call of this kind fails so. */
  failNext(operation: Operation, code: string, { carriedOut = false } = {}): void {
    this.#faults.push({ operation, code, carriedOut });
  }

  /** The member's process starts, and from now on the others know its name. */
  start(name: string, nodeIp: string): void {
    const entry = this.entries.find(({ peerUrls }) => peerUrls.includes(peerUrl(nodeIp)));
    if (entry === undefined) throw new Error(`${name} was started and is no member`);
    entry.name = name;
    this.alive.add(name);
  }

  /** Name → is it a learner. */
  members(): Record<string, boolean> {
    return Object.fromEntries(this.entries.map(({ name, isLearner }) => [name, isLearner]));
  }

  gateway(node: string): EtcdGateway {
    const call = <T>(operation: Operation, subject: string, work: () => T) =>
      Promise.resolve().then(() => this.#call(node, operation, subject, work));
    return {
      node,
      linearizableRead: () => call('read', node, (): EtcdHeader => this.#header()),
      memberList: () => call('list', node, () => structuredClone(this.entries)),
      memberAdd: ({ peerUrls: [url = ''], learner }) => call('add', url, () => this.#add(url, learner)),
      memberRemove: (id) => call('remove', id, () => void this.entries.splice(this.#index(id), 1)),
      memberUpdate: (id, peerUrls) => call('update', id, () => void Object.assign(this.#entry(id), { peerUrls })),
      moveLeader: async () => {},
      memberPromote: (id) => call('promote', id, () => this.#promote(id)),
      status: () => call('status', node, () => ({ header: this.#headerOf(node) }) as EtcdStatus),
      deletePrefix: async () => {},
      valueOf: async (key) => this.values.get(key),
      keysOf: async () => ({ keys: [], more: false }),
      write: async (changes) => {
        for (const change of changes) if (change.kind === 'put') this.values.set(change.key, change.value);
      },
      disarmNoSpace: async () => {},
      close: () => {},
    };
  }

  /** As its peer port tells, with a quorum or without. */
  async known(node: string): Promise<EtcdMember[]> {
    this.asked.push(`known ${node}`);
    const isSilent = this.#faults.some(({ operation }) => operation === 'known');
    if (isSilent || !this.alive.has(node)) throw refusalOf('etcd-unreachable');
    return structuredClone(this.entries);
  }

  #call<T>(node: string, operation: Operation, subject: string, work: () => T): T {
    this.asked.push(`${operation} ${this.entries.find(({ id }) => id === subject)?.name || subject}`);
    const refuse = (code: string): never => {
      throw new DisklessError({ code, message: `etcd of ${node}: ${code}`, host: node });
    };
    if (!this.alive.has(node)) return refuse('etcd-unreachable');
    const index = this.#faults.findIndex((fault) => fault.operation === operation);
    const [fault] = index < 0 ? [] : this.#faults.splice(index, 1);
    if (fault && !fault.carriedOut) return refuse(fault.code);
    const voters = this.entries.filter(({ isLearner }) => !isLearner);
    const answering = voters.filter(({ name }) => this.alive.has(name));
    // What a member says of itself needs nobody else.
    if (operation !== 'status' && answering.length <= voters.length / 2) return refuse('etcd-timeout');
    const result = work();
    return fault ? refuse(fault.code) : result;
  }

  /** As it says itself, with the ID of its data. */
  #headerOf(node: string): EtcdHeader {
    const { id = '' } = this.entries.find(({ name }) => name === node) ?? {};
    return { ...this.#header(), memberId: id };
  }

  #header(): EtcdHeader {
    return { clusterId: '1', memberId: '1', revision: '1', raftTerm: '1' };
  }

  /** Refused until the leader has been connected to every voter (etcd, isConnectedFullySince). */
  #add(url: string, isLearner: boolean): EtcdMember {
    const voters = this.entries.filter((entry) => !entry.isLearner);
    if (voters.some(({ name }) => !this.alive.has(name))) throw refusalOf('etcd-unhealthy-cluster');
    if (this.entries.some((entry) => entry.isLearner)) throw refusalOf('etcd-too-many-learners');
    if (this.entries.some(({ peerUrls }) => peerUrls.includes(url))) throw refusalOf('etcd-member-exists');
    return structuredClone(this.#enter({ name: '', url, isLearner }));
  }

  #promote(id: string): void {
    const entry = this.entries[this.#index(id)];
    if (entry?.isLearner === false) throw refusalOf('etcd-not-a-learner');
    if (!this.alive.has(entry?.name ?? '')) throw refusalOf('etcd-learner-not-ready');
    if (entry) entry.isLearner = false;
  }

  #entry(id: string): EtcdMember {
    const entry = this.entries[this.#index(id)];
    if (entry === undefined) throw refusalOf('etcd-not-found');
    return entry;
  }

  #index(id: string): number {
    const index = this.entries.findIndex((entry) => entry.id === id);
    if (index < 0) throw refusalOf('etcd-not-found');
    return index;
  }

  #enter({ name, url, isLearner }: { name: string; url: string; isLearner: boolean }): EtcdMember {
    const entry = {
      id: `${100 + this.asked.length + this.entries.length}`,
      name,
      peerUrls: [url],
      clientUrls: [],
      isLearner,
    };
    this.entries.push(entry);
    return entry;
  }
}

function refusalOf(code: string): DisklessError {
  return new DisklessError({ code, message: code });
}

/** A cluster whose etcd is a fake one. */
export class FakeEtcdCluster extends Cluster {
  readonly #etcd: FakeEtcd;

  constructor(etcd: FakeEtcd, sessions: ReadonlyMap<string, NodeSession> = new Map()) {
    super({ spec: sampleSpec(), sessions, identities: () => Promise.reject(new Error('no TLS here')) });
    this.#etcd = etcd;
  }

  override knownToMember(node: string): Promise<EtcdMember[]> {
    return this.#etcd.known(node);
  }

  override etcdOf(node: string): Promise<EtcdGateway> {
    return Promise.resolve(this.#etcd.gateway(node));
  }
}
