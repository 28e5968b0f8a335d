import { DisklessError } from '../errors.js';

/** An error of a stream that nobody listens to ends the process: whoever writes decides what a lost output means. */
export function outliveOutputs(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

export interface LostOutput {
  /** Names the output. */
  what: string;
  /** e.g. `the run goes on`. */
  goesOn: string;
}

/** For work that is not given up because nobody can read of it any more: says so, once. */
export function onceLost({ what, goesOn }: LostOutput): (error: NodeJS.ErrnoException) => void {
  let isTold = false;
  return ({ code, message }) => {
    if (isTold) return;
    isTold = true;
    process.stderr.write(`${what} can no longer be written (${code ?? message}); ${goesOn}\n`);
  };
}

/** How a view writes to standard output, for as long as that can be written. */
export function viewOutput(goesOn: string): (text: string) => void {
  const lost = onceLost({ what: 'standard output', goesOn });
  process.stdout.on('error', lost);
  return (text) => {
    try {
      process.stdout.write(text);
    } catch (error) {
      // Files are written at once: some versions of Node.js throw what went wrong.
      lost(error as NodeJS.ErrnoException);
    }
  };
}

/**
 * For commands that only print. A reader that has seen enough, as `head` has, is no failure.
 *
 * @throws DisklessError `output-lost`
 */
export async function print(text: string): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
  await written.catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') return;
    const message = `standard output cannot be written (${cause.code ?? cause.message})`;
    throw new DisklessError({ code: 'output-lost', message, cause });
  });
}
