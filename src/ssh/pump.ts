import type { Writable } from 'node:stream';
import { DisklessError } from '../errors.js';
import { onAbortError } from './abort-error.js';
import type { RemoteProcess } from './transport.js';

/** Small enough that on a slow link each acceptance is a sign of progress, large enough to cost nothing. */
const SLICE_BYTES = 64 * 1024;

const STALL_TIMEOUT_MS = 10_000;

export interface PumpOptions {
  /** Called with the number of bytes taken so far by the channel (up to 2 MiB of them may still be on their way). */
  onProgress?: (bytes: number) => void;
  /** Time without a single slice taken after which the link counts as stalled. Default 10 s. */
  stallTimeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Sends a source to a process' stdin, then closes it; resolves with the number of bytes. Memory does not grow with
 * the source. Fails with `stalled` (try again on a fresh connection), with the process' own failure, or with
 * `process-ended` when it stopped reading too early. A slow source is no stall.
 */
export async function pump(
  source: AsyncIterable<Buffer>,
  remote: RemoteProcess,
  options: PumpOptions = {},
): Promise<number> {
  const writer = new WatchedWriter(remote.stdin, options.stallTimeoutMs ?? STALL_TIMEOUT_MS, options.signal);
  let bytes = 0;
  try {
    for await (const chunk of source) {
      for (let offset = 0; offset < chunk.length; offset += SLICE_BYTES) {
        const slice = chunk.subarray(offset, offset + SLICE_BYTES);
        await writer.write(slice);
        bytes += slice.length;
        options.onProgress?.(bytes);
      }
    }
    remote.stdin.end();
    return bytes;
  } catch (error) {
    remote.kill();
    if (error instanceof DisklessError && error.code === 'process-ended') throw await endedEarly(remote, error);
    throw error;
  } finally {
    writer.dispose();
  }
}

/** Writes that fail when they are not taken in time; one timer for all of them, since there are thousands a second. */
class WatchedWriter {
  readonly #stdin: Writable;
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;
  #fail: ((error: DisklessError) => void) | undefined;
  #aborted: DisklessError | undefined;

  constructor(stdin: Writable, stallTimeoutMs: number, signal: AbortSignal | undefined) {
    this.#stdin = stdin;
    // Between two writes it may run out without harm: then it is the source that takes its time.
    this.#timer = setTimeout(() => this.#fail?.(stalled(stallTimeoutMs)), stallTimeoutMs);
    this.#stopListening = onAbortError(signal, (error) => {
      this.#aborted = error;
      this.#fail?.(error);
    });
  }

  write(slice: Buffer): Promise<void> {
    if (this.#aborted) return Promise.reject(this.#aborted);
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#timer.refresh();
      this.#stdin.write(slice, (error) => {
        this.#fail = undefined;
        if (error) reject(error);
        else resolve();
      });
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#stopListening();
  }
}

function stalled(stallTimeoutMs: number): DisklessError {
  return new DisklessError({
    code: 'stalled',
    message: `the link took no byte for ${stallTimeoutMs / 1000} s`,
    hint: 'the transfer is tried again on a fresh connection; if that does not help, look at the link and at the node’s load',
  });
}

/** Why the process stopped reading: its own failure says more than the broken pipe. */
async function endedEarly(remote: RemoteProcess, cause: DisklessError): Promise<DisklessError> {
  try {
    const { host, label, exitCode, signal, stderr } = await remote.result;
    const how = signal ?? (exitCode === null ? 'no status' : `exit code ${exitCode}`);
    const message = `${label}: ended (${how}) before it had read all its input`;
    return new DisklessError({ code: 'process-ended', host, message, detail: stderr.trim(), cause });
  } catch (error) {
    return error as DisklessError;
  }
}
