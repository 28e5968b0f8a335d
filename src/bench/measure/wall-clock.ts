import type { NodeSession } from '../../cluster/node-session.js';
import { DisklessError } from '../../errors.js';
import { scriptText } from '../../node/script-text.js';
import { bashScript, type RemoteCommand } from '../../ssh/bash-script.js';

const SCRIPT = scriptText('bench-time.bash');

/** @param args What is to be timed: its header tells */
export function timingScript(...args: string[]): RemoteCommand {
  return bashScript(SCRIPT, ...args);
}

/** @throws `bash-old` where bash cannot tell the time finely enough: EPOCHREALTIME came with bash 5 */
export async function requireBashClock(
  session: Pick<NodeSession, 'name' | 'exec'>,
  signal: AbortSignal,
): Promise<void> {
  const { command, ...script } = timingScript('clock');
  const { stdout } = await session.exec(command, { label: 'look for a clock', ...script, timeoutMs: 20_000, signal });
  const [version, clock] = stdout.trim().split(' ');
  if (clock !== undefined) return;
  throw new DisklessError({
    code: 'bash-old',
    host: session.name,
    message: `round trips and DNS lookups are timed with bash 5 or later, and its bash is ${version || 'unknown'}`,
    hint: 'use an operating system with bash 5, or leave both out: --set network.tests=[tcp,udp] --set dns.seconds=0',
  });
}

/** Twice the resolution of /proc/uptime, and what may pass between reading both. */
const TOLERANCE_US = 50_000;

/**
 * What the script printed of what it timed; undefined when it did not come so far.
 *
 * @throws `clock-set` when the clock was: by more than the tolerance, or to before a moment that was measured
 */
export function timedLines(stdout: string, host: string): string[] | undefined {
  const lines = stdout.split('\n').filter(Boolean);
  const moved = /^clock (-?\d+)$/.exec(lines.pop() ?? '')?.[1];
  if (moved === undefined) return undefined;
  const backwards = lines.some((line) => /(^| )-\d+$/.test(line));
  if (!backwards && Math.abs(Number(moved)) <= TOLERANCE_US) return lines;
  throw new DisklessError({
    code: 'clock-set',
    host,
    message: `the clock was set meanwhile, by ${Math.round(Number(moved) / 1000)} ms, so that nothing was timed`,
    hint: 'measure when the clocks of the nodes have settled',
  });
}
