import { DisklessError } from '../errors.js';

/** Lets steps wait for their share of a node's stream. */
export interface Arrivals {
  /** Resolves when the segment is installed on the node; at once when it is not part of the stream. */
  of(segmentId: string): Promise<void>;
  arrived(segmentId: string): void;
  /** What has not arrived yet never will. */
  fail(): void;
}

interface Deferred {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
}

export function createArrivals(node: string, segmentIds: readonly string[]): Arrivals {
  const waiting = new Map(segmentIds.map((id) => [id, deferred()]));
  return {
    of: (segmentId) => waiting.get(segmentId)?.promise ?? Promise.resolve(),
    arrived: (segmentId) => waiting.get(segmentId)?.resolve(),
    fail() {
      const message = 'its files did not arrive';
      for (const { reject } of waiting.values())
        reject(new DisklessError({ code: 'dependency-failed', host: node, message }));
    },
  };
}

function deferred(): Deferred {
  const parts: Omit<Deferred, 'promise'> = { resolve: () => {}, reject: () => {} };
  const promise = new Promise<void>((resolve, reject) => {
    parts.resolve = resolve;
    parts.reject = reject;
  });
  // A rejection nobody waits for is no unhandled one: the step that sends reports the failure itself.
  promise.catch(() => {});
  return { promise, ...parts };
}
