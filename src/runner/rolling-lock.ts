import pLimit from 'p-limit';

/** A queue: disruptive work on a live cluster passes through here, so much at a time. */
export interface RollingLock {
  run<T>(work: () => Promise<T>): Promise<T>;
}

export interface RollingLockOptions {
  /** How much at a time. Default: one. */
  width?: number;
  /** What the others get after a failure. */
  brokenError: () => Error;
}

/** After a failure the lock stays broken: taking down another one would only make things worse. */
export function createRollingLock({ width = 1, brokenError }: RollingLockOptions): RollingLock {
  const limit = pLimit(width);
  let broken = false;
  return {
    run: (work) =>
      limit(async () => {
        if (broken) throw brokenError();
        try {
          return await work();
        } catch (error) {
          broken = true;
          throw error;
        }
      }),
  };
}
