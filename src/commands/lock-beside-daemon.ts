import { DAEMON } from '../serve/work.js';
import { acquireLock, type Lock } from '../state/lock.js';
import { tellLine } from './view.js';

/**
 * The state's lock for a command that a person has typed: the daemon holds it for as long as one of its runs takes, and is
 * waited for.
 *
 * @throws refusal `locked` while anybody else lives who holds it
 */
export function lockBesideDaemon(path: string, command: string, signal: AbortSignal): Promise<Lock> {
  const onWait = (): void => tellLine('serve is at work on this cluster, and is waited for');
  const wait = { isFor: (owner: { command: string }) => owner.command === DAEMON, onWait, signal };
  return acquireLock({ path, command, now: () => new Date(), wait });
}
