/** Process exit codes; scripts decide by them, so none ever changes its meaning. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  partial: 3,
  failed: 4,
  refused: 5,
  gateFailed: 6,
  runVoid: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface DisklessErrorOptions {
  /** Stable machine-readable identifier in kebab case, e.g. `host-key-changed`. */
  code: string;
  /** What happened and where, one sentence without a trailing period. */
  message: string;
  /** What the exit code becomes when this error ends the run. Default: failed (4). */
  exit?: ExitCode;
  /** Node name the error belongs to. */
  host?: string;
  /** Step of the sequence in which it happened. */
  step?: string;
  /** What a person can do about it. */
  hint?: string;
  /** What the machine answered (stderr, log tail), shown indented; never a secret. */
  detail?: string;
  cause?: unknown;
}

/** The one error type that crosses module borders. Callers decide by `code`, never by `message`. */
export class DisklessError extends Error {
  readonly code: string;
  readonly exit: ExitCode;
  readonly host: string | undefined;
  readonly step: string | undefined;
  readonly hint: string | undefined;
  readonly detail: string | undefined;

  constructor(options: DisklessErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DisklessError';
    this.code = options.code;
    this.exit = options.exit ?? EXIT.failed;
    this.host = options.host;
    this.step = options.step;
    this.hint = options.hint;
    this.detail = options.detail;
  }

  /** The same error with the place filled in where it was still unknown. */
  at(place: { host?: string; step?: string }): DisklessError {
    const { host = place.host, step = place.step } = this;
    if (host === this.host && step === this.step) return this;
    return this.placed({
      code: this.code,
      message: this.message,
      exit: this.exit,
      host,
      step,
      hint: this.hint,
      detail: this.detail,
      cause: this.cause,
    });
  }

  /** An error that says more than this one gives it on here. */
  protected placed(options: DisklessErrorOptions): DisklessError {
    return new DisklessError(options);
  }

  toJSON(): Record<string, unknown> {
    const { code, message, exit, host, step, hint, detail } = this;
    return { code, message, exit, host, step, hint, detail };
  }
}

/** Bad input (exit 2). */
export function usageError(options: Omit<DisklessErrorOptions, 'exit'>): DisklessError {
  return new DisklessError({ ...options, exit: EXIT.usage });
}

/** A person must decide (exit 5). */
export function refusal(options: Omit<DisklessErrorOptions, 'exit'>): DisklessError {
  return new DisklessError({ ...options, exit: EXIT.refused });
}

/** For `catch`: an error of ours as a value; anything else is thrown on. */
export function ownError(thrown: unknown): DisklessError {
  if (thrown instanceof DisklessError) return thrown;
  throw thrown;
}

/** A sentence with what a person can do about it, in one line. */
export const withHint = (message: string, hint: string | undefined): string =>
  hint === undefined ? message : `${message} (${hint})`;

/** Anything thrown, as a DisklessError; what is not one of ours is a bug of ours (exit 1). */
export function toDisklessError(thrown: unknown): DisklessError {
  if (thrown instanceof DisklessError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DisklessError({ code: 'internal', message, exit: EXIT.bug, cause: thrown });
}

/** A machine in its next boot, or one that is not believed: asking again does not change it. */
export function isFinal(error: unknown): error is DisklessError {
  return error instanceof DisklessError && (error.code === 'rebooted' || error.exit === EXIT.refused);
}
