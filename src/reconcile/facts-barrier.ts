import { untilAborted } from '../abort.js';
import type { NodeSpec } from '../config/spec.js';
import { DisklessError } from '../errors.js';
import type { NodeFacts } from '../facts/facts.js';
import type { ReadHosts } from './hosts.js';

/**
 * When nobody has been heard of for this long, those still missing are taken in by another pass. Counted in ticks: an
 * operator that got no processor for a while must not take its own sleep for theirs.
 */
const GRACE = { tickMs: 100, ticks: 5 };

/** Who has been read (or failed to be) so far: planning waits here until that is enough. */
export interface FactsBarrier {
  /** It was reached, though not read yet: they come one after the other when they are many. */
  heard(node: string): void;
  /** It was reached, and went away before it was read. */
  lost(node: string): void;
  /** It was read, or is not going to be. */
  settle(node: string, reading: NodeFacts | DisklessError): void;
  /** It was read, and went away since: it is missing again. */
  recall(node: string): void;
  /** What is known by now. */
  hosts(): ReadHosts;
  /** Resolves when all have settled, or when none has been heard of for the grace and nobody needed is missing. */
  enough(signal: AbortSignal): Promise<void>;
  /** Who has neither answered nor failed to, in a sentence; empty when all have settled. */
  unanswered(): string;
  /** Nobody is waited for any more. */
  close(): void;
  /** Resolves when that is so. */
  readonly closed: Promise<void>;
}

export interface FactsBarrierOptions {
  /** Waits for everybody. */
  patient: boolean;
  /** Whether what was read so far decides about etcd, whatever these control planes hold. Default: it never does. */
  isDecidedWithout?: (missing: readonly string[], facts: ReadHosts['facts']) => boolean;
}

/**
 * A worker that is off must not hold up the others for a connect timeout. Without a control plane nothing can be
 * decided about etcd, unless the others do; and one that was reached will be read in a moment.
 */
export function createFactsBarrier(
  nodes: readonly Pick<NodeSpec, 'name' | 'role'>[],
  { patient, isDecidedWithout = () => false }: FactsBarrierOptions,
): FactsBarrier {
  const roles = new Map(nodes.map(({ name, role }) => [name, role]));
  const missing = new Set(roles.keys());
  const reached = new Set<string>();
  const facts = new Map<string, NodeFacts>();
  const unread = new Map<string, DisklessError>();
  const closed = deferred();
  let complete = deferred();
  let silentTicks = 0;
  const nobodyNeededIsMissing = (): boolean => {
    const controlPlanes = [...missing].filter((name) => roles.get(name) === 'control-plane');
    if (controlPlanes.length === 0) return true;
    return !controlPlanes.some((name) => reached.has(name)) && isDecidedWithout(controlPlanes, facts);
  };
  const tick = (): void => {
    silentTicks = nobodyNeededIsMissing() ? silentTicks + 1 : 0;
    if (silentTicks >= GRACE.ticks) complete.resolve();
  };
  const news = (): void => {
    silentTicks = 0;
  };
  return {
    closed: closed.promise,
    close: closed.resolve,
    unanswered() {
      const have = missing.size === 1 ? 'has' : 'have';
      return missing.size === 0 ? '' : `${[...missing].join(', ')} ${have} not answered`;
    },
    heard(node) {
      reached.add(node);
      news();
    },
    lost(node) {
      reached.delete(node);
      news();
    },
    hosts: () => ({ facts: new Map(facts), unread: new Map(unread) }),
    settle(node, reading) {
      facts.delete(node);
      unread.delete(node);
      if (reading instanceof DisklessError) unread.set(node, reading);
      else facts.set(node, reading);
      missing.delete(node);
      news();
      if (missing.size === 0) complete.resolve();
    },
    recall(node) {
      facts.delete(node);
      missing.add(node);
      reached.delete(node);
      complete = deferred();
      news();
    },
    async enough(signal) {
      const timer = patient ? undefined : setInterval(tick, GRACE.tickMs);
      await untilAborted(complete.promise, signal).finally(() => clearInterval(timer));
    },
  };
}

/** Promise.withResolvers is missing before Node 22. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
