import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';

export interface ServiceUnit {
  /** Unit name with suffix, e.g. `etcd.service`. */
  name: string;
  description: string;
  /** Ordering only: a unit listed here is neither started nor waited for unless it is being started anyway. */
  after?: readonly string[];
  /** Commands as words, run one after the other before `start`. */
  startPre?: readonly (readonly string[])[];
  start: readonly string[];
  /** Further lines of [Service], in order; several of one name as a list. */
  service: Record<string, string | readonly string[]>;
}

/** What every daemon of ours has: it comes back at once, however often it fails. */
export const KEEP_RUNNING = { Restart: 'always', RestartSec: '1' } as const;

/**
 * Longer than the slowest start seen (kube-apiserver on an emulated CPU: 28 s, and 140 s where that CPU was shared with a
 * dozen others), shorter than the operator's patience. What crashes does not wait for it.
 */
export const START_TIMEOUT = { TimeoutStartSec: '300' } as const;

/**
 * Bounds for a peer that vanished without a word (power loss): client-go's HTTP/2 connections notice after 5 + 3 s
 * instead of 30 + 15 s. k8s.io/apimachinery/pkg/util/net/http.go, in all versions of the table.
 */
export const HTTP2_TIMEOUTS = ['HTTP2_READ_IDLE_TIMEOUT_SECONDS=5', 'HTTP2_PING_TIMEOUT_SECONDS=3'] as const;

/** Units are started by the operator and never enabled: the root is forgotten at reboot, so there is no [Install]. */
export function serviceUnit(unit: ServiceUnit): DesiredFile {
  const { name, description, after = [], startPre = [], start, service } = unit;
  const lines = [
    '[Unit]',
    `Description=${description}`,
    ...(after.length > 0 ? [`After=${after.join(' ')}`] : []),
    // The default, five starts in ten seconds, would give up on a daemon that waits for another one.
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    ...settingLines(service),
    ...startPre.map((words) => `ExecStartPre=${words.map(systemdWord).join(' ')}`),
    `ExecStart=${start.map(systemdWord).join(start.length > 2 ? ' \\\n  ' : ' ')}`,
  ];
  return textFile(unitPath(name), `${lines.join('\n')}\n`);
}

/** A drop-in for a unit of the operating system. */
export function dropIn(unit: string, service: ServiceUnit['service']): DesiredFile {
  return textFile(`${unitPath(unit)}.d/10-k8s-diskless.conf`, `[Service]\n${settingLines(service).join('\n')}\n`);
}

export function unitPath(name: string): string {
  return `${PATHS.units}/${name}`;
}

export function textFile(path: string, text: string, mode = 0o644): DesiredFile {
  return { path, mode, content: { kind: 'text', text } };
}

function settingLines(service: ServiceUnit['service']): string[] {
  return Object.entries(service).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((each) => `${name}=${each}`),
  );
}

/** One argument of Exec…= as systemd.service(5) "Command lines" reads it. */
export function systemdWord(word: string): string {
  const expanded = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[^\s"'\\;]+$/.test(expanded)) return expanded;
  return `"${expanded.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
