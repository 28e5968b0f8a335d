import type { Duplex, Readable, Writable } from 'node:stream';

/** The interface every other folder sees of SSH; no ssh2 type leaves src/ssh/. */

/** Result and failure have one shape; a non-zero exit is a value, a lost connection is a DisklessError. */
export interface ExecResult {
  host: string;
  /** Human label of what ran; never the command text, which may hold long scripts. */
  label: string;
  /** null when ended by a signal, or when the server sent no status. */
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  durationMs: number;
}

export interface ExecOptions {
  label: string;
  /** Run as root: through `sudo -n` unless the user is root already. The command is then read by /bin/sh. */
  root?: boolean;
  /** Written to stdin, which is then closed. */
  input?: string | Buffer;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A running remote process with open streams. */
export interface RemoteProcess {
  stdin: Writable;
  stdout: Readable;
  /**
   * Settles when the process has ended, whether or not stdout was read (its own stdout is empty). Rejects when the
   * connection was lost, the signal aborted, the time was up, or root was refused (sudo-needs-password, sudo-missing).
   */
  result: Promise<ExecResult>;
  /** Closes the channel; the remote side gets SIGHUP/EPIPE. */
  kill(): void;
}

export interface HostKey {
  /** e.g. `ssh-ed25519`. */
  type: string;
  /** `SHA256:…` as ssh-keygen prints it. */
  fingerprint: string;
}

export interface Connection {
  readonly host: string;
  readonly user: string;
  readonly hostKey: HostKey;
  /** Runs a command line by the user's shell; a script is made one by bash-script.ts. */
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  /** Like exec, but with live streams and no collection of stdout. */
  open(command: string, options: Omit<ExecOptions, 'input'>): Promise<RemoteProcess>;
  /**
   * Whether the server opens a session beside one that is open. It is asked again until it is so, or until the open one
   * is over: a session that has just ended is counted a moment longer.
   */
  opensAnother(beside: Promise<unknown>): Promise<boolean>;
  /** A TCP connection made by the node (direct-tcpip); the signal counts until it is established. */
  forward(host: string, port: number, signal?: AbortSignal): Promise<Duplex>;
  /** Resolves with the reason when the connection is gone, whoever ended it. */
  readonly closed: Promise<Error | undefined>;
  end(): void;
}
