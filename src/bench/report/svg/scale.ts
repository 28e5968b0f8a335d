type Extent = readonly [number, number];

export interface Scale {
  (value: number): number;
  /** Values worth a labelled line. */
  ticks: number[];
  /** Where the domain's ends lie. */
  range: Extent;
}

/** @param most Ticks that have room */
export function linearScale(domain: Extent, range: Extent, most = 6): Scale {
  const [from, to] = domain;
  const map = (value: number): number => range[0] + ((value - from) / (to - from)) * (range[1] - range[0]);
  const step = niceStep((to - from) / most);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
  return Object.assign(map, { ticks, range });
}

/** Decades from the one below the smallest value to the one above the largest. Values below the domain are held at its edge. */
export function logScale(values: Extent, range: Extent): Scale {
  const from = Math.floor(Math.log10(values[0]) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(values[1]) - 1e-9));
  const map = (value: number): number => {
    const exponent = Math.min(to, Math.max(from, Math.log10(value)));
    return range[0] + ((exponent - from) / (to - from)) * (range[1] - range[0]);
  };
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
  return Object.assign(map, { ticks, range });
}

/** The smallest and largest value that a logarithmic axis can show. @param lists Each ascending, maybe very long */
export function positiveExtent(lists: readonly (readonly number[])[]): Extent | undefined {
  const ends = lists.flatMap((sorted) => {
    const low = sorted.find((value) => value > 0 && Number.isFinite(value));
    const high = sorted.findLast(Number.isFinite);
    return low === undefined || high === undefined ? [] : [{ low, high }];
  });
  if (ends.length === 0) return undefined;
  return [Math.min(...ends.map(({ low }) => low)), Math.max(...ends.map(({ high }) => high))];
}

/** 2, 3, … 9 between the decades. */
export function minorTicks({ ticks }: Scale): number[] {
  return ticks.slice(0, -1).flatMap((tick) => [2, 3, 4, 5, 6, 7, 8, 9].map((digit) => digit * tick));
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function niceStep(smallest: number): number {
  const power = 10 ** Math.floor(Math.log10(smallest));
  const factor = [1, 2, 5, 10].find((each) => each * power >= smallest * (1 - 1e-9)) ?? 10;
  return factor * power;
}
