import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_ROOT } from './naming.js';
import { readOptional } from './process-table.js';

/**
 * A node's /proc/sys is writable, and what is not per network namespace is the machine's: kubelet, kube-proxy and
 * systemd-sysctl set some of it. The values are kept from before the first lab and put back after the last one.
 */
const SAVED = join(RUN_ROOT, '.sysctls.json');

const GLOBAL = ['/proc/sys/kernel', '/proc/sys/vm', '/proc/sys/fs', '/proc/sys/net/netfilter/nf_conntrack_max'];

/** They change by themselves, or would act when written. */
const NOT_SETTINGS = /^\/proc\/sys\/(kernel\/(random\/|ns_last_pid|tainted|cad_pid)|fs\/binfmt_misc\/)/;

type Values = Record<string, string>;

export function saveSysctls(): void {
  if (existsSync(SAVED)) return;
  mkdirSync(RUN_ROOT, { recursive: true });
  writeFileSync(SAVED, JSON.stringify(readSysctls()));
}

/** Puts back what differs, and says what. */
export function restoreSysctls(): string[] {
  const saved: Values = JSON.parse(readOptional(SAVED) ?? '{}');
  const changed = Object.entries(saved).filter(([path, value]) => readOptional(path) !== value);
  for (const [path, value] of changed) writeFileSync(path, value);
  rmSync(SAVED, { force: true });
  return changed.map(([path]) => path.slice('/proc/sys/'.length).replaceAll('/', '.'));
}

function readSysctls(): Values {
  const values: Values = {};
  for (const path of GLOBAL.flatMap(settingsBelow)) {
    const value = readOptional(path);
    if (value !== undefined) values[path] = value;
  }
  return values;
}

function settingsBelow(path: string): string[] {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined || NOT_SETTINGS.test(status.isDirectory() ? `${path}/` : path)) return [];
  if (status.isDirectory()) return readdirSync(path).flatMap((name) => settingsBelow(join(path, name)));
  const isReadWrite = (status.mode & 0o600) === 0o600;
  return isReadWrite ? [path] : [];
}
