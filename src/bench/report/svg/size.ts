/** What a drawing is made for: the same one twice, and the page shows the one that fits. */
export interface Size {
  width: number;
  narrow: boolean;
}

const SIZES: readonly Size[] = [
  { width: 940, narrow: false },
  { width: 380, narrow: true },
];

/** A drawing for wide pages and one for narrow ones, whose text keeps its size instead of shrinking. */
export function bothSizes(draw: (size: Size) => string): string {
  return SIZES.map((size) => `<div class="${size.narrow ? 'narrow' : 'wide'}">${draw(size)}</div>`).join('\n');
}
