/** Decimal units, as disks and links are sold: 145 MB. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `40 ms`, `3.2 s`, `1 min 45 s`. */
export function durationText(ms: number): string {
  if (ms < 99.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `1 node`, `3 nodes`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Names while they are few, else how many. */
export function namesOrCount(names: readonly string[], noun: string, most = 3): string {
  return names.length <= most ? names.join(', ') : count(names.length, noun);
}

export function percent({ done, total }: { done: number; total: number }): string {
  return total <= 0 ? count(done, 'byte') : `${Math.floor((done / total) * 100)} %`;
}
