import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';

/** One command as the server sees it. */
interface FakeExec {
  command: string;
  user: string;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  /** Fires when the client has closed the channel or is gone. */
  closed: AbortSignal;
}

/** Exit code, a signal, or no status at all before the channel is closed. */
type FakeExit = number | { signal: string } | 'no-status';

export type ExecHandler = (exec: FakeExec) => FakeExit | Promise<FakeExit>;

/** Runs a handler on an accepted channel. A handler that throws ends without a status, its error on stderr. */
export async function serveExec(channel: ServerChannel, command: string, user: string, handler: ExecHandler) {
  const closed = new AbortController();
  channel.once('close', () => closed.abort());
  channel.on('error', () => {});
  const exec = { command, user, stdin: channel, stdout: channel, stderr: channel.stderr, closed: closed.signal };
  let exit: FakeExit;
  try {
    exit = await handler(exec);
  } catch (error) {
    if (!closed.signal.aborted) channel.stderr.write(String(error));
    exit = 'no-status';
  }
  if (closed.signal.aborted) return;
  if (typeof exit === 'number') channel.exit(exit);
  else if (exit !== 'no-status') channel.exit(exit.signal);
  channel.end();
}

/** Runs each command by a real /bin/sh of this machine, as a login shell would. */
export function realShell(options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): ExecHandler {
  return ({ command, stdin, stdout, stderr, closed }) =>
    new Promise((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', command], options);
      const kill = () => child.kill('SIGHUP');
      closed.addEventListener('abort', kill, { once: true });
      // The process may end before it has read its input.
      child.stdin.on('error', () => {});
      stdin.pipe(child.stdin);
      child.stdout.pipe(stdout, { end: false });
      child.stderr.pipe(stderr, { end: false });
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? { signal: String(signal).replace(/^SIG/, '') }));
    });
}
