import { ANSI_ESCAPE_CODES, ProcessOutput } from 'listr2';

type Write = NodeJS.WriteStream['write'];

/**
 * listr2 holds back what others write while it draws, and with it the sequence that gives the cursor back when the
 * process dies (restore-cursor writes it on exit and on signals). That one passes.
 *
 * The library behind it (signal-exit) ends the process when no listener of a signal but its own is left: whoever
 * handles SIGINT during a run must use `process.on`, not `once`.
 */
export class TerminalOutput extends ProcessOutput {
  readonly #streams: NodeJS.WriteStream[];

  constructor(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream) {
    super(stdout, stderr);
    this.#streams = [stdout, stderr];
  }

  override hijack(): void {
    const originals = this.#streams.map((stream): Write => stream.write);
    super.hijack();
    for (const [at, stream] of this.#streams.entries()) {
      const hold: Write = stream.write;
      const pass = originals[at] ?? hold;
      stream.write = ((chunk: string, ...rest: []) =>
        (chunk === ANSI_ESCAPE_CODES.CURSOR_SHOW ? pass : hold).call(stream, chunk, ...rest)) as Write;
    }
  }
}
