import { DisklessError } from '../../errors.js';
import type { NodeSession } from '../../reconcile/node-session.js';

/**
 * For bash scripts that time something on a node. EPOCHREALTIME is the only clock that bash reads in microseconds, and
 * it is the wall clock, which chrony may set at any moment. `clock_begin` and `clock_end` compare it with the time since
 * boot, which nobody sets and /proc/uptime tells in hundredths of a second; what is printed last is how far it moved.
 */
export const CLOCK_FUNCTIONS = `
LC_ALL=C
clock_ahead() { local up; read -r up _ </proc/uptime; ahead=$((\${EPOCHREALTIME/[.,]/} - 10#\${up/./}0000)); }
clock_begin() { clock_ahead; ahead_before=$ahead; }
clock_end() { clock_ahead; echo "clock $((ahead - ahead_before))"; }
`;

/** @throws `bash-old` where bash cannot tell the time finely enough: EPOCHREALTIME came with bash 5 */
export async function requireBashClock(
  session: Pick<NodeSession, 'name' | 'exec'>,
  signal: AbortSignal,
): Promise<void> {
  const { stdout } = await session.exec('bash -s', {
    label: 'look for a clock',
    input: 'echo "$BASH_VERSION $EPOCHREALTIME"',
    timeoutMs: 20_000,
    signal,
  });
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
 * What such a script printed before its `clock_end`; undefined when it did not come so far.
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
