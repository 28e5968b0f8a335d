/** A queue of one: disruptive work on a live cluster passes through here, one control plane at a time. */
export interface RollingLock {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** After a failure the lock stays broken: taking down a second control plane would only make things worse. */
export function createRollingLock(brokenError: () => Error): RollingLock {
  let tail: Promise<unknown> = Promise.resolve();
  let broken = false;
  return {
    run(work) {
      const result = tail.then(() => {
        if (broken) throw brokenError();
        return work();
      });
      tail = result.catch(() => {
        broken = true;
      });
      return result;
    },
  };
}
