import { usageError } from '../errors.js';

/** Long flags by name without dashes, in the order they are shown; lists are joined by commas, undefined is left out. */
export type Flags = Record<string, string | number | boolean | readonly string[] | undefined>;

/** Every character a systemd unit file takes on one line; see systemd.syntax(7). */
const PRINTABLE = /^[^\p{Cc}]*$/u;
const FLAG_NAME = /^[a-z][a-z0-9-]*$/;

export interface CommandLine {
  /** Absolute path of the executable. */
  binary: string;
  flags: Flags;
  /** From the configuration: replaces a flag of the same name, in its place, or is added behind the others. */
  extraArgs?: Record<string, string>;
}

/** The arguments, each as one word: the binary first. */
export function commandLine({ binary, flags, extraArgs = {} }: CommandLine): string[] {
  checkExtraArgs(binary, extraArgs);
  const words = Object.entries<Flags[string]>({ ...flags, ...extraArgs }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${Array.isArray(value) ? value.join(',') : value}`],
  );
  return [binary, ...words];
}

/** A recorded spec is read back from a file a person may have edited: what ends in a unit file is checked here again. */
function checkExtraArgs(binary: string, extraArgs: Record<string, string>): void {
  for (const [name, value] of Object.entries(extraArgs)) {
    if (FLAG_NAME.test(name) && PRINTABLE.test(value)) continue;
    throw usageError({
      code: 'extra-argument-invalid',
      message: `${binary}: ${JSON.stringify(`${name}=${value}`)} cannot be an extra argument`,
      hint: 'write the name as in --help without the dashes in front, and the value on one line',
    });
  }
}
