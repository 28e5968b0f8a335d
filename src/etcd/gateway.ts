import { createHttpsChannel, type HttpsChannel } from '../http/https-channel.js';
import type { OpenStream, TlsIdentity } from '../http/secure-stream.js';
import { etcdError } from './errors.js';
import {
  type KeyChange,
  type KeysPage,
  keyOf,
  keysPage,
  keysRange,
  prefixRange,
  type RawRange,
  transaction,
} from './key-values.js';
import type { MemberId } from './member-id.js';

export interface EtcdMember {
  id: MemberId;
  /** Empty until it has started for the first time. */
  name: string;
  peerUrls: string[];
  /** Empty until it has started for the first time. */
  clientUrls: string[];
  isLearner: boolean;
}

/** Who answered, and where the cluster stood; 64-bit numbers as decimal strings. */
export interface EtcdHeader {
  clusterId: string;
  memberId: MemberId;
  revision: string;
  raftTerm: string;
}

export interface EtcdStatus {
  header: EtcdHeader;
  version: string;
  dbSizeBytes: number;
  dbSizeInUseBytes: number;
  /** Undefined while the member knows no leader. */
  leader: MemberId | undefined;
  raftIndex: string;
  raftAppliedIndex: string;
  isLearner: boolean;
  /** Alarms and the like. */
  errors: string[];
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Default 8 s: etcd itself gives up after 5 s plus two election timeouts. */
  timeoutMs?: number;
}

/**
 * One member of etcd by its JSON gateway (gRPC is HTTP/2 and protobuf; the gateway is on every client port since
 * 3.0). It calls the member's own gRPC port with the member's server certificate, which therefore needs the
 * clientAuth usage as well. All methods reject with a DisklessError whose code starts with `etcd-`, or with the
 * signal's reason.
 *
 * A change that was on its way to a leader just lost is dropped without a word and ends as etcd-timeout; so may one
 * that was carried out. Prove quorum first, and read memberList before repeating one.
 */
export interface EtcdGateway {
  readonly node: string;
  /** A read that proves quorum. */
  linearizableRead(options?: CallOptions): Promise<EtcdHeader>;
  /** As this member knows it: current right after a linearizableRead through it (3.5 and later always are). */
  memberList(options?: CallOptions): Promise<EtcdMember[]>;
  memberAdd(member: { peerUrls: string[]; learner: boolean }, options?: CallOptions): Promise<EtcdMember>;
  memberRemove(id: MemberId, options?: CallOptions): Promise<void>;
  memberPromote(id: MemberId, options?: CallOptions): Promise<void>;
  /** Tells the others where this member's peers reach it from now on. */
  memberUpdate(id: MemberId, peerUrls: string[], options?: CallOptions): Promise<void>;
  /** Asked of the leader: another voter leads from now on. */
  moveLeader(to: MemberId, options?: CallOptions): Promise<void>;
  /** Deletes every key that begins so. */
  deletePrefix(prefix: string, options?: CallOptions): Promise<void>;
  /** What stands under a key; undefined: nothing. */
  valueOf(key: string, options?: CallOptions): Promise<Buffer | undefined>;
  /** The first keys that begin so, `limit` at most. @param after the last one of the page before */
  keysOf(prefix: string, page: { after: string | undefined; limit: number }, options?: CallOptions): Promise<KeysPage>;
  /** All of them or none; each key once. Last values: what was carried out may be asked again. */
  write(changes: readonly KeyChange[], options?: CallOptions): Promise<void>;
  /** Takes back alarms that members were given for want of space, as a restored database may bring them along. */
  disarmNoSpace(options?: CallOptions): Promise<void>;
  /** Of this member alone: answers without quorum, and as a learner. */
  status(options?: CallOptions): Promise<EtcdStatus>;
  close(): void;
}

export interface EtcdGatewayOptions {
  /** Node whose member this is; errors name it. */
  node: string;
  connect: OpenStream;
  /** IP address or DNS name the serving certificate must carry. */
  serverName: string;
  tls: TlsIdentity;
}

const TIMEOUT_MS = 8_000;
/** The key `\0`, the smallest there is; nothing is stored under it. */
const NO_KEY = 'AA==';

/** protobuf JSON: fields with their zero value are left out, 64-bit integers are strings. */
interface RawHeader {
  cluster_id: string;
  member_id: string;
  revision?: string;
  raft_term: string;
}
interface RawMember {
  ID: string;
  name?: string;
  peerURLs?: string[];
  clientURLs?: string[];
  isLearner?: boolean;
}
interface RawStatus {
  header: RawHeader;
  version: string;
  dbSize?: string;
  dbSizeInUse?: string;
  leader?: string;
  raftIndex?: string;
  raftAppliedIndex?: string;
  isLearner?: boolean;
  errors?: string[];
}

interface RawAlarm {
  memberID: string;
  alarm?: string;
}

export function createEtcdGateway({ node, connect, serverName, tls }: EtcdGatewayOptions): EtcdGateway {
  const label = `etcd of ${node}`;
  const shared = { service: 'etcd', label, host: node, serverName } as const;
  const channel = createHttpsChannel({ ...shared, open: connect, identity: tls, maxSockets: 2 });
  const read = <T>(operation: string, path: string, body: object, options?: CallOptions): Promise<T> =>
    call<T>({ channel, label, node, operation, path, body, repeatable: true, ...options });
  const change = <T>(operation: string, path: string, body: object, options?: CallOptions): Promise<T> =>
    call<T>({ channel, label, node, operation, path, body, repeatable: false, ...options });
  return {
    node,
    async linearizableRead(options) {
      const body = { key: NO_KEY, count_only: true };
      return headerOf((await read<{ header: RawHeader }>('a linearizable read', 'kv/range', body, options)).header);
    },
    async memberList(options) {
      const path = 'cluster/member/list';
      return (await read<{ members: RawMember[] }>('member list', path, { linearizable: true }, options)).members.map(
        memberOf,
      );
    },
    async memberAdd({ peerUrls, learner }, options) {
      const body = { peerURLs: peerUrls, isLearner: learner };
      return memberOf((await change<{ member: RawMember }>('member add', 'cluster/member/add', body, options)).member);
    },
    async memberRemove(id, options) {
      await change('member remove', 'cluster/member/remove', { ID: id }, options);
    },
    async memberPromote(id, options) {
      await change('member promote', 'cluster/member/promote', { ID: id }, options);
    },
    async memberUpdate(id, peerUrls, options) {
      await change('member update', 'cluster/member/update', { ID: id, peerURLs: peerUrls }, options);
    },
    async moveLeader(to, options) {
      await change('move leader', 'maintenance/transfer-leadership', { targetID: to }, options);
    },
    async deletePrefix(prefix, options) {
      // What is gone stays gone: it may be asked twice.
      await read('delete range', 'kv/deleterange', prefixRange(prefix), options);
    },
    async valueOf(key, options) {
      const [found] = (await read<RawRange>('a key', 'kv/range', keyOf(key), options)).kvs ?? [];
      return found && Buffer.from(found.value ?? '', 'base64');
    },
    async keysOf(prefix, { after, limit }, options) {
      return keysPage(await read<RawRange>('keys', 'kv/range', keysRange(prefix, after, limit), options));
    },
    async write(changes, options) {
      await read('a transaction', 'kv/txn', transaction(changes), options);
    },
    async disarmNoSpace(options) {
      const body = { action: 'GET', alarm: 'NONE' };
      const { alarms = [] } = await read<{ alarms?: RawAlarm[] }>('alarms', 'maintenance/alarm', body, options);
      for (const { memberID, alarm } of alarms.filter((each) => each.alarm === 'NOSPACE'))
        await read('disarm', 'maintenance/alarm', { action: 'DEACTIVATE', memberID, alarm }, options);
    },
    async status(options) {
      return statusOf(await read<RawStatus>('status', 'maintenance/status', {}, options));
    },
    close: () => channel.close(),
  };
}

interface CallParameters extends CallOptions {
  channel: HttpsChannel;
  label: string;
  node: string;
  operation: string;
  path: string;
  body: object;
  repeatable: boolean;
}

async function call<T>(parameters: CallParameters): Promise<T> {
  const { channel, label, node: host, operation, path, body, repeatable, signal, timeoutMs = TIMEOUT_MS } = parameters;
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'POST', path: `/v3/${path}`, headers, body: JSON.stringify(body), repeatable };
  const { status, text } = await channel.request({ ...request, signal, timeoutMs });
  if (status !== 200) throw etcdError({ httpStatus: status, body: text, label, host, operation });
  return JSON.parse(text) as T;
}

function headerOf(raw: RawHeader): EtcdHeader {
  return {
    clusterId: raw.cluster_id,
    memberId: raw.member_id,
    revision: raw.revision ?? '0',
    raftTerm: raw.raft_term,
  };
}

function memberOf({ ID, name = '', peerURLs = [], clientURLs = [], isLearner = false }: RawMember): EtcdMember {
  return { id: ID, name, peerUrls: peerURLs, clientUrls: clientURLs, isLearner };
}

function statusOf(raw: RawStatus): EtcdStatus {
  return {
    header: headerOf(raw.header),
    version: raw.version,
    dbSizeBytes: Number(raw.dbSize ?? 0),
    dbSizeInUseBytes: Number(raw.dbSizeInUse ?? 0),
    leader: raw.leader,
    raftIndex: raw.raftIndex ?? '0',
    raftAppliedIndex: raw.raftAppliedIndex ?? '0',
    isLearner: raw.isLearner ?? false,
    errors: raw.errors ?? [],
  };
}
