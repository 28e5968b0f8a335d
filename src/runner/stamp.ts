import { EVENT_SCHEMA, type Stamped } from './events.js';

export interface StampOptions {
  /** Monotonic milliseconds, e.g. performance.now. */
  monotonicMs: () => number;
  wallClock: () => Date;
}

export interface Stamp {
  <Body>(body: Body): Stamped<Body>;
  /** Monotonic milliseconds since the stamp was made. */
  elapsedMs(): number;
}

/** Adds version and time to events; time counts from now. */
export function createStamp({ monotonicMs, wallClock }: StampOptions): Stamp {
  const started = monotonicMs();
  const elapsedMs = (): number => monotonicMs() - started;
  const stamp = <Body>(body: Body): Stamped<Body> => {
    const ms = Math.round(elapsedMs() * 10) / 10;
    return { v: EVENT_SCHEMA, ms, time: wallClock().toISOString(), ...body };
  };
  return Object.assign(stamp, { elapsedMs });
}
