import { DisklessError } from '../errors.js';
import { type GrpcServer, type GrpcStream, openGrpc } from './grpc.js';
import { createRequest, PROGRESS_REQUEST, type WatchEvent, type WatchMessage, watchMessage } from './watch-messages.js';

/** Calls back again and again; the result ends it. */
export type Every = (ms: number, tick: () => void) => () => void;

export interface WatchOptions {
  server: GrpcServer;
  /** The first revision that is wanted. */
  from: number;
  /** Whose cluster it is to be: etcd's own ID, decimal. */
  clusterId: string;
  /** Each time that the member is asked how far it is. */
  onAsked?: () => void;
  /** Default: setInterval. */
  every?: Every;
  signal: AbortSignal;
}

/** Whole: no revision is divided between two of them. */
export interface WatchAnswer {
  /** Of etcd, decimal. */
  clusterId: string;
  /** Where the member stood: all up to it has been told with this. */
  revision: number;
  /** In the order of their revisions. Empty: nothing happened. */
  events: WatchEvent[];
}

/** How often the member is asked how far it is, on the same stream. */
export const ASK_EVERY_MS = 500;
/** So often without an answer: ten seconds, in which the largest message comes over a slow link, too. */
const ASKED_IN_VAIN = 20;

/**
 * Everything that a member is told of from a revision on, and word of it where there was nothing.
 *
 * A watch looks alive where it is not: a member without quorum goes on with its own revision, unless `hasleader` is asked
 * for; one at a lower revision than the first that is wanted is silent until that comes; and a connection whose other end
 * is gone says nothing. Each of them ends it. While a member still catches up it says nothing of its progress.
 *
 * @throws DisklessError `etcd-watch-compacted`: what is wanted is gone; `etcd-watch-foreign`, `etcd-watch-behind`: it is
 * another etcd, or one that was put back; `etcd-watch-silent`, `etcd-watch-broken`, `etcd-watch-canceled`, or another of `etcd-…`
 */
export async function* watchAll(options: WatchOptions): AsyncGenerator<WatchAnswer, void, undefined> {
  const { server, from, signal, onAsked, every = byInterval } = options;
  const silent = new AbortController();
  let call: GrpcStream | undefined;
  let inVain: number | undefined = 0;
  const stop = every(ASK_EVERY_MS, () => {
    if (inVain !== undefined) inVain += 1;
    if (inVain !== undefined && inVain > ASKED_IN_VAIN) silent.abort(silence(server));
    call?.send(PROGRESS_REQUEST);
    onAsked?.();
  });
  try {
    call = await openGrpc(server, {
      method: '/etcdserverpb.Watch/Watch',
      operation: 'a watch',
      metadata: { hasleader: 'true' },
      signal: AbortSignal.any([signal, silent.signal]),
    });
    // Of what has not been reached there is no word of progress: the one before is asked for, too, and left out.
    call.send(createRequest(Math.max(1, from - 1)));
    let events: WatchEvent[] = [];
    for await (const bytes of call.messages()) {
      const message = checked(watchMessage(bytes), options);
      events = events.length === 0 ? message.events : events.concat(message.events);
      if (!message.isFragment && !message.isCreated) {
        const { clusterId, revision } = message;
        // Whoever takes its time is not waited for.
        inVain = undefined;
        yield { clusterId, revision, events: events.filter((event) => event.revision >= from) };
        events = [];
      }
      inVain = 0;
    }
    throw broken(server, 'broken', 'ended the watch');
  } finally {
    stop();
  }
}

function byInterval(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms);
  return () => clearInterval(timer);
}

function checked(message: WatchMessage | undefined, { server, from, clusterId }: WatchOptions): WatchMessage {
  if (message === undefined) throw broken(server, 'broken', 'sent something else than answers to a watch');
  if (message.clusterId !== clusterId)
    throw broken(server, 'foreign', `is of the cluster ${message.clusterId}, not of ${clusterId}`);
  const { canceled, revision } = message;
  if (canceled && canceled.compactRevision > 0)
    throw broken(server, 'compacted', `has nothing before revision ${canceled.compactRevision} any more`);
  if (canceled) throw broken(server, 'canceled', `ended the watch: ${canceled.reason || 'without a reason'}`);
  if (revision < from - 1)
    throw broken(server, 'behind', `is at revision ${revision}, and ${from - 1} was seen before`);
  return message;
}

type Kind = 'compacted' | 'foreign' | 'behind' | 'silent' | 'broken' | 'canceled';

function broken({ label, host }: GrpcServer, kind: Kind, what: string): DisklessError {
  return new DisklessError({
    code: `etcd-watch-${kind}`,
    message: `${label} was asked for what changes and ${what}`,
    host,
  });
}

const silence = (server: GrpcServer): DisklessError =>
  broken(server, 'silent', `said nothing for ${(ASKED_IN_VAIN * ASK_EVERY_MS) / 1000} s`);
