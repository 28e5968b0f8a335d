import { holdStore } from '../../src/backup/hold-store.js';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import { listSnapshots, type SnapshotStore, snapshotStore } from '../../src/backup/snapshot-store.js';
import { takeSnapshot } from '../../src/backup/take-snapshot.js';
import { type Follower, followChanges, type LogState } from '../../src/changelog/follow.js';
import type { LogRecord } from '../../src/changelog/log-record.js';
import { type LogStore, logStore } from '../../src/changelog/log-store.js';
import { type Chain, readChain } from '../../src/changelog/read-chain.js';
import type { Cluster } from '../../src/cluster/cluster.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import type { EtcdProcess } from '../etcd/etcd-cluster.js';
import { sampleSpec } from '../helpers/sample-facts.js';

const CLUSTER_ID = 'c1';
const INCARNATION = 2;

export interface Following extends Follower {
  states: LogState[];
  /** When the last of them was told, by performance.now(). */
  toldMs(): number;
  /** Why a snapshot was asked for. */
  bases: string[];
  /** The state as soon as one is like this, if that is after the call. */
  until(isWanted: (state: LogState) => boolean): Promise<LogState>;
  /** As a person's Ctrl-C. */
  stop(): Promise<void>;
}

export interface Followed {
  snapshots(): SnapshotStore;
  log(): LogStore;
  take(): Promise<SnapshotInfo>;
  newest(): Promise<SnapshotInfo>;
  follow(): Following;
  read(snapshot: SnapshotInfo): Promise<Chain & { records: LogRecord[] }>;
  /** Of all that follow. */
  end(): void;
}

export interface CreateFollowed {
  member: (name: string) => EtcdProcess;
  names: () => readonly string[];
  /** Of the state directory. */
  root: string;
}

/** A real etcd as it is followed into a state directory. */
export function createFollowed({ member, names, root }: CreateFollowed): Followed {
  const store = snapshotStore(stateDirAt(root));
  const lives: AbortController[] = [];
  const { signal } = new AbortController();
  const cluster = {
    etcdOf: async (name: string) => member(name).gateway,
    etcdStreamsOf: async (name: string) => member(name).grpc,
    quorumThrough: (members: readonly string[]) =>
      Promise.any(
        members.map(async (name) => {
          const { gateway } = member(name);
          await gateway.linearizableRead({ timeoutMs: 30_000 });
          return gateway;
        }),
      ).catch(({ errors }: AggregateError) => Promise.reject(errors[0])),
  } as unknown as Cluster;
  const spec = sampleSpec();
  const record = (): ClusterRecord => {
    const nodes = names().map((name) => ({ ...spec.nodes[0], name, role: 'control-plane' as const }));
    return {
      clusterId: CLUSTER_ID,
      spec: { ...spec, nodes },
      etcd: { incarnation: INCARNATION },
    } as unknown as ClusterRecord;
  };
  const now = (): Date => new Date();
  const take = (): Promise<SnapshotInfo> =>
    holdStore({ store, command: 'test', now, signal }, () =>
      takeSnapshot({ cluster, record: record(), store, reason: 'test', now, signal }),
    );
  return {
    snapshots: () => store,
    log: () => logStore(store),
    take,
    async newest() {
      const [newest] = (await listSnapshots(store)).snapshots;
      if (newest === undefined) throw new Error('there is no snapshot');
      return newest;
    },
    follow() {
      const life = new AbortController();
      lives.push(life);
      const states: LogState[] = [];
      const bases: string[] = [];
      let told = Number.NaN;
      const waiting = new Set<(state: LogState) => void>();
      const follower = followChanges({
        cluster,
        members: names,
        clusterId: CLUSTER_ID,
        incarnation: INCARNATION,
        snapshots: store,
        takeSnapshot: (reason) => {
          bases.push(reason);
          return take();
        },
        onState(state) {
          states.push(state);
          told = performance.now();
          for (const each of waiting) each(state);
        },
        signal: life.signal,
      });
      return {
        ...follower,
        states,
        toldMs: () => told,
        bases,
        until: (isWanted) =>
          new Promise((resolve, reject) => {
            waiting.add((state) => {
              if (isWanted(state)) resolve(state);
            });
            follower.ended.then(() => reject(new Error('it has ended')), reject);
          }),
        async stop() {
          life.abort();
          await follower.ended;
        },
      };
    },
    async read(snapshot) {
      const records: LogRecord[] = [];
      const each = (read: LogRecord): void => void records.push(read);
      return { ...(await readChain({ store: logStore(store), snapshot, each, signal })), records };
    },
    end() {
      for (const life of lives) life.abort();
    },
  };
}
