import type { NodeFacts } from '../facts/facts.js';
import { type Check, error, warning } from './finding.js';

/** More than a person would overlook when reading logs of two machines side by side. */
const CLOCK_WARN_MS = 5_000;
/**
 * Smaller skews are harmless, since certificates are backdated by a day; and the measurement itself may be off by half
 * a round trip.
 */
const CLOCK_SET_MS = 30_000;
/** Half of what certificates are backdated by. */
const CLOCK_ERROR_MS = 12 * 3600_000;

/** Far off, ours to set, and nobody else's business: a synchronised clock is better than the operator's may be. */
export function clockHasToBeSet({ clockSkewMs, clockSynchronized, capabilities }: NodeFacts): boolean {
  return Math.abs(clockSkewMs) >= CLOCK_SET_MS && capabilities.sysTime && !clockSynchronized;
}

/** How far off it is, as a sentence; undefined where nobody would notice. */
export function clockOff({ clockSkewMs }: Pick<NodeFacts, 'clockSkewMs'>): string | undefined {
  const off = Math.abs(clockSkewMs);
  if (off < CLOCK_WARN_MS) return undefined;
  const direction = clockSkewMs > 0 ? 'ahead of' : 'behind';
  return `its clock is ${Math.round(off / 1000)} s ${direction} the operator's`;
}

export const checkClock: Check = ({ facts }) => {
  const message = clockOff(facts);
  if (message === undefined) return [];
  if (clockHasToBeSet(facts)) return warning('clock-set', `${message}; it is set from the operator's`);
  const report = Math.abs(facts.clockSkewMs) < CLOCK_ERROR_MS ? warning : error;
  if (facts.clockSynchronized) {
    const hint = "the operator's own clock may be the wrong one: look at it with timedatectl";
    return report('clock-skew', `${message}, and it is synchronised by NTP`, hint);
  }
  if (!facts.capabilities.sysTime) {
    const hint = 'the clock cannot be set from here (no CAP_SYS_TIME): check its time service';
    return report('clock-skew', message, hint);
  }
  const hint = `differences under ${CLOCK_SET_MS / 1000} s are not corrected here; check that the node's time service runs`;
  return report('clock-skew', message, hint);
};
