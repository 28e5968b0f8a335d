import { randomBytes } from 'node:crypto';
import { DisklessError } from '../errors.js';
import { scriptText } from '../node/script-text.js';
import { shellQuote } from './quote.js';

const SCRIPT = scriptText('become-root.sh');

/** A command line that becomes root; marks on stderr tell how far it came. */
export interface RootCommand {
  /** For the user's shell, any POSIX one. */
  command: string;
  /** Takes our marks out of what came on stderr; an error when the command was never started. */
  judge(result: { host: string; user: string; stderr: string; exitCode: number | null }): RootOutcome;
}

interface RootOutcome {
  stderr: string;
  error?: DisklessError;
}

export function rootCommand(command: string): RootCommand {
  // Random: the command must not be able to imitate it, and its own output must not hold it by chance.
  const mark = `k8s-diskless-${randomBytes(8).toString('hex')}`;
  const started = `${mark} started`;
  const missing = `${mark} sudo-missing`;
  return {
    command: `exec ${shellQuote('/bin/sh', '-c', SCRIPT, 'become-root', mark, command)}`,
    judge({ host, user, stderr, exitCode }) {
      if (takeLine(stderr, started) !== undefined) return { stderr: takeLine(stderr, started) ?? '' };
      if (takeLine(stderr, missing) !== undefined) return { stderr, error: sudoMissing(host, user) };
      // Killed before it began: what ended it is told elsewhere.
      if (exitCode === null) return { stderr };
      return { stderr, error: sudoRefused(host, user, stderr) };
    },
  };
}

/** The text without the line, undefined when it does not hold it. */
function takeLine(text: string, line: string): string | undefined {
  const whole = `${line}\n`;
  const at = text.indexOf(whole);
  return at < 0 ? undefined : text.slice(0, at) + text.slice(at + whole.length);
}

function sudoMissing(host: string, user: string): DisklessError {
  return new DisklessError({
    code: 'sudo-missing',
    host,
    message: `user ${user} is not root, and there is no sudo to become it`,
    hint: 'install sudo on the node’s image, or connect as root (user in the config, User in ssh_config)',
  });
}

function sudoRefused(host: string, user: string, stderr: string): DisklessError {
  return new DisklessError({
    code: 'sudo-needs-password',
    host,
    message: `sudo does not let user ${user} become root without asking`,
    detail: stderr.trim(),
    hint: `give the user the right on the node, in /etc/sudoers.d: ${user} ALL=(ALL) NOPASSWD: ALL`,
  });
}
