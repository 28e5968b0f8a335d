import { createHttpsChannel } from '../http/https-channel.js';
import type { OpenStream, TlsIdentity } from '../http/secure-stream.js';
import { etcdError } from './errors.js';
import type { EtcdMember } from './gateway.js';

export interface PeerMembersOptions {
  /** Node whose member this is; errors name it. */
  node: string;
  /** To its peer port. */
  connect: OpenStream;
  /** IP address or DNS name the peer certificate must carry. */
  serverName: string;
  tls: TlsIdentity;
  signal?: AbortSignal;
}

/** As encoding/json writes etcd's membership.Member: the ID is a number of 64 bits. */
interface RawPeerMember {
  id: string;
  name?: string;
  peerURLs?: string[];
  clientURLs?: string[];
  isLearner?: boolean;
}

const PATH = '/members';

/**
 * Whom a member knows as members, by what it told the others. Its peer port answers from the moment the process has read
 * its data, as a learner too; its client port only once it was part of a quorum (`serveCtx.serve` waits for
 * `ReadyNotify`), and never lists members as a learner (etcdhttp/peer.go and v3rpc/util.go, the same in 3.5 to 3.7).
 */
export async function peerMembers(options: PeerMembersOptions): Promise<EtcdMember[]> {
  const { node, connect, serverName, tls, signal } = options;
  const label = `etcd of ${node}`;
  const shared = { service: 'etcd', label, host: node, serverName } as const;
  const channel = createHttpsChannel({ ...shared, open: connect, identity: tls, maxSockets: 1 });
  try {
    const { status, text } = await channel.request({ method: 'GET', path: PATH, signal });
    if (status !== 200)
      throw etcdError({ httpStatus: status, body: text, label, host: node, operation: 'its members' });
    const raw = JSON.parse(text.replace(/"id":(\d+)/g, '"id":"$1"')) as RawPeerMember[];
    return raw.map(({ id, name = '', peerURLs = [], clientURLs = [], isLearner = false }) => ({
      id,
      name,
      peerUrls: peerURLs,
      clientUrls: clientURLs,
      isLearner,
    }));
  } finally {
    channel.close();
  }
}
