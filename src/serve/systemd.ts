import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EXIT } from '../errors.js';

const run = promisify(execFile);
/** Half of it: a signal of life may come late. */
const SHARE = 2;

export interface Systemd {
  /** Everything is at work. */
  ready(): void;
  /** One line of what is done just now, for `systemctl status`. */
  status(text: string): void;
  stopping(): void;
  close(): void;
}

export interface SystemdOptions {
  env: NodeJS.ProcessEnv;
  /** Told once when systemd cannot be told. */
  onFailure: (error: Error) => void;
}

/**
 * Tells systemd how it is (sd_notify(3)), where that started us, through its own program: Node.js has no datagram sockets of
 * this kind. The watchdog is fed as long as our event loop turns.
 */
export function systemd({ env, onFailure }: SystemdOptions): Systemd {
  if (env.NOTIFY_SOCKET === undefined) return { ready() {}, status() {}, stopping() {}, close() {} };
  let failed = false;
  let turn: Promise<unknown> = Promise.resolve();
  const tell = (...args: string[]): void => {
    turn = turn
      .then(() => run('systemd-notify', [`--pid=${process.pid}`, ...args]))
      .catch((error: Error) => {
        if (!failed) onFailure(error);
        failed = true;
      });
  };
  const everyMs = Number(env.WATCHDOG_USEC ?? 0) / 1000 / SHARE;
  const timer = everyMs > 0 ? setInterval(() => tell('WATCHDOG=1'), everyMs) : undefined;
  return {
    ready: () => tell('--ready'),
    status: (text) => tell(`--status=${text}`),
    stopping: () => tell('STOPPING=1'),
    close: () => clearInterval(timer),
  };
}

export interface UnitOptions {
  /** The program and its arguments as it was called now, with what asks for the unit. */
  argv: readonly string[];
  /** Of this process: what is said in its variables has to be said again. */
  env: NodeJS.ProcessEnv;
  /** Absolute. */
  workingDirectory: string;
  user: string;
}

const ASKS = { flag: '--print-unit', variable: 'K8S_DISKLESS_SERVE_PRINT_UNIT' };
const KEPT = /^(K8S_DISKLESS_|XDG_(STATE|CACHE)_HOME$)/;

/** A unit of systemd that runs it, starts it again when it ends or hangs, and tells it to read its configuration again. */
export function unitText({ argv, env, workingDirectory, user }: UnitOptions): string {
  const command = argv.filter((word) => word !== ASKS.flag);
  const variables = Object.entries(env)
    .filter(([name]) => KEPT.test(name) && name !== ASKS.variable)
    .map(([name, value]) => `Environment=${quoted(`${name}=${value}`, '%')}`);
  return [
    '[Unit]',
    'Description=k8s-diskless: rejoins machines, keeps snapshots, shows a page',
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=notify',
    'NotifyAccess=all',
    `User=${user}`,
    `WorkingDirectory=${doubling(workingDirectory, '%')}`,
    ...variables,
    `ExecStart=${command.map((word) => quoted(word, '%$')).join(' ')}`,
    'ExecReload=/bin/kill -HUP $MAINPID',
    'Restart=always',
    // A person has to decide; until then it would be refused again and again.
    `RestartPreventExitStatus=${EXIT.refused}`,
    'RestartSec=2',
    'WatchdogSec=60',
    'TimeoutStopSec=120',
    'UMask=0077',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** systemd.syntax(7). @param doubled Characters that would begin something else: a specifier, a variable */
function quoted(word: string, doubled: string): string {
  const escaped = doubling(word, doubled);
  if (/^[\w@/:.,=+%$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

const doubling = (word: string, doubled: string): string =>
  [...word].map((letter) => (doubled.includes(letter) ? letter + letter : letter)).join('');
