import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { deadline } from '../abort.js';
import { DisklessError } from '../errors.js';
import { onAbortError, throwIfAborted } from './abort-error.js';
import { type RootCommand, rootCommand } from './become-root.js';
import { BoundedText } from './bounded-text.js';
import { channelError } from './channel-error.js';
import { ChannelStdin, ChannelStdout } from './channel-streams.js';
import type { ByteStream } from './keepalive.js';
import { LEAST_SESSIONS, type Slots } from './slots.js';
import type { ExecOptions, ExecResult, RemoteProcess } from './transport.js';

/** What a process needs to know of the connection it runs on. */
export interface ExecHost {
  readonly host: string;
  readonly user: string;
  readonly client: Client;
  /** What the connection runs over. */
  readonly socket: ByteStream;
  readonly sessions: Slots;
  /** Why the connection is gone; undefined while it lives. */
  readonly gone: DisklessError | undefined;
  /** Calls back when the connection is gone, at once if it is already. Returns how to stop listening. */
  onGone(listener: (error: DisklessError) => void): () => void;
}

/** Starts a command; resolves as soon as the server has accepted it. */
export async function startRemote(
  on: ExecHost,
  command: string,
  options: Omit<ExecOptions, 'input'>,
): Promise<RemoteProcess> {
  const { label, timeoutMs } = options;
  const timeoutError = () => timedOut(on.host, label, timeoutMs ?? 0);
  const limit = deadline({ parent: options.signal, ms: timeoutMs, reason: timeoutError });
  let release = () => {};
  const cleanUp = () => {
    limit.release();
    release();
  };
  try {
    const root = options.root ? rootCommand(command) : undefined;
    const request = { on, command: root?.command ?? command, label, signal: limit.signal };
    for (let refusals = 0; ; refusals++) {
      release = await on.sessions.acquire(limit.signal);
      const startedAt = performance.now();
      try {
        return await requestExec(request, (channel) =>
          follow({ on, channel, label, signal: limit.signal, startedAt, cleanUp, root }),
        );
      } catch (error) {
        release();
        if (!(await isWorthAsking({ on, error, refusals, signal: limit.signal }))) throw error;
      }
    }
  } catch (error) {
    cleanUp();
    throw error;
  }
}

/** A session that has ended is counted by the server until it has seen that; a machine that is busy sees it late. */
const LINGERING_MS = 3_000;
const FIRST_PAUSE_MS = 25;
const LAST_PAUSE_MS = 400;

interface Refusal {
  on: ExecHost;
  error: unknown;
  /** That came before this one. */
  refusals: number;
  signal: AbortSignal;
}

/** Beside others of ours it is a matter of waiting for them; alone, of a moment. Resolves after a pause. */
async function isWorthAsking({ on, error, refusals, signal }: Refusal): Promise<boolean> {
  if (!(error instanceof DisklessError) || error.code !== 'channel-refused') return false;
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** refusals, LAST_PAUSE_MS);
  if (on.sessions.held > 0) on.sessions.limit(Math.max(on.sessions.held, LEAST_SESSIONS));
  else if (refusals * LAST_PAUSE_MS > LINGERING_MS) return false;
  await delay(pauseMs, undefined, { signal }).catch(() => throwIfAborted(signal));
  return true;
}

export async function opensBeside(on: ExecHost, work: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  const over = work.then(end, end);
  // The server answers in the order of the questions: the other one has to be asked for first.
  await nextTurn();
  for (let refusals = 0; on.gone === undefined; refusals++) {
    // One that is opened after a refusal, when the other has ended, is the only one again.
    if (await opensSession(on)) return refusals === 0 || !isOver;
    if (isOver) return false;
    await Promise.race([over, delay(FIRST_PAUSE_MS)]);
  }
  // Whoever works on it hears of that.
  return true;
}

/** Nothing is done in it. */
function opensSession(on: ExecHost): Promise<boolean> {
  return new Promise((resolve) => {
    const leave = on.onGone(() => resolve(true));
    if (on.gone !== undefined) return;
    on.client.exec('true', (error, channel) => {
      leave();
      channel?.close();
      resolve((error as { reason?: unknown } | undefined)?.reason === undefined);
    });
  });
}

interface ExecRequest {
  on: ExecHost;
  command: string;
  label: string;
  signal: AbortSignal;
}

/** `adopt` runs within ssh2's callback: exit status and close may come in the very same packet. */
function requestExec<T>({ on, command, label, signal }: ExecRequest, adopt: (channel: ClientChannel) => T): Promise<T> {
  throwIfAborted(signal);
  if (on.gone) throw on.gone;
  return new Promise((resolve, reject) => {
    const stopListening = onAbortError(signal, reject);
    const leave = on.onGone(reject);
    on.client.exec(command, (error, channel) => {
      stopListening();
      leave();
      if (error) reject(channelError({ error, host: on.host, what: label }));
      // Given up meanwhile: nobody else would ever close it.
      else if (signal.aborted) channel.close();
      else resolve(adopt(channel));
    });
  });
}

interface Following {
  on: ExecHost;
  channel: ClientChannel;
  label: string;
  signal: AbortSignal;
  startedAt: number;
  cleanUp: () => void;
  root: RootCommand | undefined;
}

function follow({ on, channel, label, signal, startedAt, cleanUp, root }: Following): RemoteProcess {
  const stdin = new ChannelStdin(channel, on.socket);
  const stdout = new ChannelStdout(channel);
  const close = (error: DisklessError) => {
    stdin.close(error);
    if (!on.gone) channel.close();
  };
  const leave: (() => void)[] = [cleanUp];
  const result = new Promise<ExecResult>((resolve, reject) => {
    onExit(channel, ({ exitCode, signal, stderr }) => {
      stdin.close(inputClosed(on.host, label));
      const outcome = root?.judge({ host: on.host, user: on.user, stderr, exitCode }) ?? { stderr };
      if (outcome.error) return reject(outcome.error);
      const durationMs = performance.now() - startedAt;
      resolve({ host: on.host, label, exitCode, signal, stdout: '', stderr: outcome.stderr, durationMs });
    });
    const end = (error: DisklessError) => {
      close(error);
      stdout.lose(error);
      reject(error);
    };
    leave.push(on.onGone(end), onAbortError(signal, end));
  });
  const leaveAll = () => {
    for (const stop of leave) stop();
  };
  // Both ways: callers that watch only the streams never look at the result, and its failure must not end the program.
  result.then(leaveAll, leaveAll);
  return { stdin, stdout, result, kill: () => close(inputClosed(on.host, label)) };
}

interface Exit {
  exitCode: number | null;
  signal: string | null;
  stderr: string;
}

function onExit(channel: ClientChannel, listener: (exit: Exit) => void): void {
  const stderr = new BoundedText();
  let status: Pick<Exit, 'exitCode' | 'signal'> = { exitCode: null, signal: null };
  channel.on('exit', (exitCode: number | null, signal?: string) => {
    status = { exitCode, signal: signal ?? null };
  });
  channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // Unlike the channel's own, the close event of stderr does not wait until someone has read all of stdout.
  channel.stderr.on('close', () => listener({ ...status, stderr: stderr.toString() }));
}

function inputClosed(host: string, label: string): DisklessError {
  return new DisklessError({
    code: 'process-ended',
    host,
    message: `${label}: ended before it had read all its input`,
  });
}

function timedOut(host: string, label: string, timeoutMs: number): DisklessError {
  return new DisklessError({ code: 'timeout', host, message: `${label}: not finished after ${timeoutMs / 1000} s` });
}
