/** Milliseconds since the run began, on the monotonic clock that also stamps what sockets deliver. */
export interface RunClock {
  now(): number;
  /** A stamp of `process.hrtime.bigint()` on the run's scale; what came before the run is 0. */
  at(stampNs: bigint): number;
}

export function startRunClock(nowNs: () => bigint = () => process.hrtime.bigint()): RunClock {
  const beganNs = nowNs();
  const at = (stampNs: bigint): number => Math.max(0, Number(stampNs - beganNs) / 1e6);
  return { now: () => at(nowNs()), at };
}
