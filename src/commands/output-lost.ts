/**
 * What to do when a server's output can no longer be written: machines are fetching, so it is said once, and they are
 * served on.
 *
 * @param what names the output
 */
export function onceLost(what: string): (error: NodeJS.ErrnoException) => void {
  let isTold = false;
  return ({ code, message }) => {
    if (isTold) return;
    isTold = true;
    process.stderr.write(`${what} can no longer be written (${code ?? message}); machines are served on\n`);
  };
}
