/* Figures as words. */

/** `40 ms`, `3.2 s`, `1 min 45 s`, `3 h 5 min`, `4 days`. */
export function duration(ms) {
  if (ms < 99.5) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return longDuration(ms);
}

/** The same in whole seconds: for what is counted while somebody looks. */
export function longDuration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return two(seconds, 60, 'min', 's', 1);
  if (seconds < 2 * 86_400) return two(seconds, 3600, 'h', 'min', 60);
  return `${Math.floor(seconds / 86_400)} days`;
}

/** In one unit: for what is old. */
export function age(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

function two(seconds, large, name, smallName, small) {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${name}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}

/** Decimal units: `145 MB`. */
export function bytes(amount) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = amount;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const count = (amount, noun) => `${amount} ${noun}${amount === 1 ? '' : 's'}`;

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const DAY = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
});

export const clock = (ms) => TIME.format(ms);
export const dayAndClock = (ms) => DAY.format(ms);
