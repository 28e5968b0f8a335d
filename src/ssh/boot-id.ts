import { DisklessError } from '../errors.js';
import type { ExecOptions, ExecResult } from './transport.js';

/** A node that boots is slow to answer. */
const TIMEOUT_MS = 20_000;

/** A connection, or a session that makes one. */
interface Executor {
  exec: (command: string, options: ExecOptions) => Promise<ExecResult>;
}

/**
 * The kernel's name for the current boot: another one means that everything in RAM is gone.
 *
 * @throws DisklessError `boot-id-unread` when the machine gave none, which says nothing of its boot
 */
export async function readBootId(
  on: Executor,
  options: Pick<ExecOptions, 'timeoutMs' | 'signal'> = {},
): Promise<string> {
  const fixed = { label: 'read boot_id', timeoutMs: TIMEOUT_MS };
  const asked = await on.exec('cat /proc/sys/kernel/random/boot_id', { ...fixed, ...options });
  const bootId = asked.stdout.trim();
  if (asked.exitCode === 0 && bootId !== '') return bootId;
  const why = asked.exitCode === 0 ? 'no output' : (asked.signal ?? `exit code ${asked.exitCode}`);
  throw new DisklessError({
    code: 'boot-id-unread',
    message: `its boot_id could not be read: ${why}`,
    detail: asked.stderr.trim(),
  });
}
