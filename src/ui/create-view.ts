import { createLineView } from './line-view.js';
import { createListrView } from './listr-view.js';
import { createNdjsonView } from './ndjson-view.js';
import { styleFor } from './style.js';
import { screenWidth, type View } from './view.js';

export interface CreateViewOptions {
  /** `--output`. */
  output: 'text' | 'json';
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** How lines get to stdout. */
  write: (text: string) => void;
  env: Readonly<Record<string, string | undefined>>;
  verbose?: boolean;
  /** false: lines on a terminal too. */
  board?: boolean;
  /** Monotonic milliseconds. */
  now: () => number;
}

/** Below this, and on terminals that do not know their width, rows would say nothing. */
const NARROWEST_BOARD = 40;

/** The view that suits where the output goes. */
export function createView(options: CreateViewOptions): View {
  const { output, stdout, stderr, write, env, verbose = false, board = true, now } = options;
  if (output === 'json') return createNdjsonView({ write });
  const style = styleFor(stdout, env);
  const drawable = board && stdout.isTTY && env.TERM !== 'dumb' && stdout.columns >= NARROWEST_BOARD;
  if (drawable) return createListrView({ stdout, stderr, style, verbose, now });
  return createLineView({ screen: { write, width: screenWidth(stdout.columns), style }, verbose });
}
