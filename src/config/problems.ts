import { type DisklessError, usageError } from '../errors.js';

/** Keys and list indices from the top of the config file. */
export type ConfigPath = readonly (string | number)[];

/** `hosts[1].port`; the top itself is the empty text. */
export function formatPath(path: ConfigPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** Everything wrong with what the user gave, as one usage error; each line names its place. */
export function problemsError(lines: readonly string[], subject: string): DisklessError {
  const [only] = lines;
  if (only !== undefined && lines.length === 1) return usageError({ code: 'config-invalid', message: only });
  return usageError({
    code: 'config-invalid',
    message: `${subject} has ${lines.length} problems`,
    detail: lines.join('\n'),
  });
}

/** Something wrong between several keys, with the keys to blame; the first of them that was given is named. */
export interface CrossProblem {
  paths: readonly ConfigPath[];
  /** The node whose host entry the paths start from; without it they start from the top. */
  node?: string;
  /** Stands alone: `network.serviceCidr 10.244.0.0/17 overlaps …`. */
  message: string;
}
