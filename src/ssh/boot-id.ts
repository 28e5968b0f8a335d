import type { ExecOptions, ExecResult } from './transport.js';

/** A connection, or a session that makes one. */
interface Executor {
  exec: (command: string, options: ExecOptions) => Promise<ExecResult>;
}

/** The kernel's name for the current boot: another one means that everything in RAM is gone. */
export async function readBootId(
  on: Executor,
  options: Pick<ExecOptions, 'timeoutMs' | 'signal'> = {},
): Promise<string> {
  const { stdout } = await on.exec('cat /proc/sys/kernel/random/boot_id', { label: 'read boot_id', ...options });
  return stdout.trim();
}
