import { DisklessError } from '../errors.js';
import type { Connection } from '../ssh/transport.js';
import type { NodeFacts } from './facts.js';
import { parseFacts } from './parse.js';
import { factsScript } from './script.js';

export interface GatherFactsOptions {
  connection: Connection;
  /** Units whose state is wanted. */
  units: readonly string[];
  /** Wall clock in milliseconds since the epoch; injected so that tests can be off by an hour. */
  now: () => number;
  signal?: AbortSignal;
}

/** Reads a node's facts in one round trip, changing nothing. */
export async function gatherFacts(options: GatherFactsOptions): Promise<NodeFacts> {
  const { connection, now } = options;
  const before = now();
  const { command, ...script } = factsScript(options.units);
  const reading = connection.exec(command, {
    label: 'read facts',
    root: true,
    ...script,
    // Half a second; 11 s on an emulated CPU that was busy. A machine that is gone shows in its keepalives.
    timeoutMs: 300_000,
    ...(options.signal && { signal: options.signal }),
  });
  const opening = connection.opensAnother(reading);
  const result = await reading;
  const after = now();
  const opensAnother = await opening;
  if (result.exitCode !== 0 && result.stdout === '') {
    throw new DisklessError({
      code: 'facts-failed',
      host: connection.host,
      message: `reading facts ended with exit code ${result.exitCode}`,
      hint: 'the node needs bash, and a user that is root or may run `sudo -n -- /bin/sh`',
      detail: result.stderr.trim(),
    });
  }
  const facts = parseFacts({ host: connection.host, output: result.stdout, operatorClockMs: (before + after) / 2 });
  return { ...facts, ...(!opensAnother && { opensOneSession: true as const }) };
}
