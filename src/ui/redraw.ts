export interface Redraw {
  /** Puts these lines in the place of the last ones. */
  draw(lines: readonly string[]): void;
}

/** ECMA-48: up so many lines, and clear from there. */
const UP_AND_CLEAR = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\u001b[0J`);

/** Draws in place. Lines must be shorter than the screen is wide, or they take two. */
export function createRedraw(write: (text: string) => void): Redraw {
  let drawn = 0;
  return {
    draw(lines) {
      write(`${UP_AND_CLEAR(drawn)}${lines.map((line) => `${line}\n`).join('')}`);
      drawn = lines.length;
    },
  };
}
