import { deadline } from '../abort.js';
import { isPassingInEtcd } from '../etcd/errors.js';
import type { MemberId } from '../etcd/member-id.js';
import type { MemberFacts, MemberList } from '../plan/etcd-facts.js';
import type { Run } from './context.js';
import { type Patience, retrying, shortly } from './settling.js';

/* Who etcd's members are, as they say it themselves. */

/** One read may take etcd itself 7 s while it chooses a leader; on a slow machine the way there adds to that. */
const PROOF = { everyMs: 500, forMs: 10_000 };
/** What a member knows needs nobody else, and no quorum. */
const KNOWN = { everyMs: 500, forMs: 5_000 };

export interface Asking extends Run {
  /** Nodes whose member was just started. */
  woken: ReadonlySet<string>;
}

/** As a quorum knows it; undefined when none answers. An error that passes is no silence yet. */
export async function provenList(context: Asking, running: readonly MemberFacts[]): Promise<MemberList | undefined> {
  const patience = patienceOf(context, PROOF);
  return asked(context, patience, async (signal) => {
    const read = async (by: string): Promise<MemberList> => {
      const gateway = await context.cluster.etcdOf(by);
      await gateway.linearizableRead({ signal });
      return { by, proven: true, entries: await gateway.memberList({ signal }) };
    };
    return Promise.any(running.map(({ name }) => insistently(context, patience, signal, () => read(name))));
  });
}

/** As each of these knows it, of those that answer. */
export async function knownLists(context: Asking, running: readonly MemberFacts[]): Promise<MemberList[]> {
  const patience = patienceOf(context, KNOWN);
  const lists = running.map((member) =>
    asked(context, patience, async (signal): Promise<MemberList> => {
      const { name: by } = member;
      const read = () => context.cluster.knownToMember(by, addressesOf(context, member), signal);
      return { by, proven: false, entries: await insistently(context, patience, signal, read) };
    }),
  );
  return (await Promise.all(lists)).flatMap((list) => list ?? []);
}

/** Which member each of these is, as it says itself; of those that serve. */
export async function memberIds(context: Run, running: readonly MemberFacts[]): Promise<ReadonlyMap<string, MemberId>> {
  const ids = running.map(({ name }) =>
    asked(context, KNOWN, async (signal) => {
      const { header } = await (await context.cluster.etcdOf(name)).status({ signal });
      return [name, header.memberId] as const;
    }),
  );
  return new Map((await Promise.all(ids)).flatMap((id) => (id ? [id] : [])));
}

/** How far the data of each of these goes, of those that serve: none does that was started since the quorum was lost. */
export async function revisions(context: Run, running: readonly MemberFacts[]): Promise<ReadonlyMap<string, string>> {
  const found = running.map(({ name }) =>
    asked(context, KNOWN, async (signal) => {
      const { header } = await (await context.cluster.etcdOf(name)).status({ signal });
      return [name, header.revision] as const;
    }),
  );
  return new Map((await Promise.all(found)).flatMap((each) => (each ? [each] : [])));
}

/** One that was just started has to read its data, and to find the others, first. */
function patienceOf(context: Asking, usual: Patience): Patience {
  return context.woken.size > 0 ? { ...usual, forMs: Math.max(usual.forMs, shortly(context).forMs) } : usual;
}

/** It listens where it was started, which need not be where its machine is now. */
function addressesOf({ memory }: Run, { name, peerUrl }: MemberFacts): string[] {
  const recorded = memory.nodeRecords.get(name)?.nodeIp;
  return [...new Set([...(recorded ? [recorded] : []), ...(peerUrl ? [new URL(peerUrl).hostname] : [])])];
}

function insistently<T>({ options }: Run, patience: Patience, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return retrying({ signal, options }, patience, isPassingInEtcd, work);
}

/** undefined when there is no answer in that time. */
async function asked<T>(
  { signal: parent }: Run,
  { forMs }: Patience,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const limit = deadline({ parent, ms: forMs });
  try {
    return await work(limit.signal);
  } catch {
    parent.throwIfAborted();
    return undefined;
  } finally {
    limit.abort();
    limit.release();
  }
}
