/** Colours by SGR codes, or none of them. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

const painter =
  ([on, off]: readonly [number, number]) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;

const COLOURS: Style = {
  bold: painter(CODES.bold),
  dim: painter(CODES.dim),
  red: painter(CODES.red),
  green: painter(CODES.green),
  yellow: painter(CODES.yellow),
  cyan: painter(CODES.cyan),
};

const plain = (text: string): string => text;
export const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

/** https://no-color.org: any non-empty NO_COLOR; TERM=dumb can show none; otherwise whatever is a terminal. */
export function styleFor(stream: { isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): Style {
  const wanted = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return wanted ? COLOURS : PLAIN;
}
