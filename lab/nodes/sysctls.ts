import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RUN_ROOT } from './naming.js';
import { readOptional } from './process-table.js';

/**
 * A node's /proc/sys is writable, and what is not per network namespace is the machine's: kubelet, kube-proxy and
 * systemd-sysctl set some of it. The values are kept from before the first lab and put back after the last one.
 */
export const MACHINE_SYSCTLS: SysctlSource = {
  saved: join(RUN_ROOT, '.sysctls.json'),
  root: '/proc/sys',
  global: ['kernel', 'vm', 'fs', 'net/netfilter/nf_conntrack_max'],
};

export interface SysctlSource {
  /** File that keeps the values. */
  saved: string;
  root: string;
  /** Files and directories below the root that are the machine's. */
  global: readonly string[];
}

/** They change by themselves, or would act when written. */
const NOT_SETTINGS = new Set([
  'kernel/random',
  'kernel/ns_last_pid',
  'kernel/tainted',
  'kernel/cad_pid',
  'fs/binfmt_misc',
]);

type Values = Record<string, string>;

/** Keeps all values, unless an earlier lab has done so. */
export function saveSysctls(source: SysctlSource): void {
  if (existsSync(source.saved)) return;
  mkdirSync(dirname(source.saved), { recursive: true });
  const names = source.global.flatMap((name) => settingsBelow(source.root, name));
  const values: Values = {};
  for (const name of names) {
    const value = readOptional(join(source.root, name));
    if (value !== undefined) values[name] = value;
  }
  writeFileSync(source.saved, JSON.stringify(values));
}

/** Puts back what differs, and says what. */
export function restoreSysctls({ saved, root }: SysctlSource): string[] {
  const values: Values = JSON.parse(readOptional(saved) ?? '{}');
  const changed = Object.entries(values).filter(([name, value]) => readOptional(join(root, name)) !== value);
  for (const [name, value] of changed) writeFileSync(join(root, name), value);
  rmSync(saved, { force: true });
  return changed.map(([name]) => name.replaceAll('/', '.'));
}

function settingsBelow(root: string, name: string): string[] {
  const status = statSync(join(root, name), { throwIfNoEntry: false });
  if (status === undefined || NOT_SETTINGS.has(name)) return [];
  if (status.isDirectory())
    return readdirSync(join(root, name)).flatMap((entry) => settingsBelow(root, join(name, entry)));
  const isReadWrite = (status.mode & 0o600) === 0o600;
  return isReadWrite ? [name] : [];
}
