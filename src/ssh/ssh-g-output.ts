import { usageError } from '../errors.js';
import { type JumpTarget, parseProxyJump } from './proxy-jump.js';

/** What `ssh -G` says of one host, as far as we use it; paths are still unexpanded. */
export interface SshSettings {
  hostname: string;
  port: number;
  user: string;
  identityFiles: string[];
  identitiesOnly: boolean;
  /** Path, `SSH_AUTH_SOCK`, `$VARIABLE` or `none`; unset: SSH_AUTH_SOCK. */
  identityAgent?: string;
  proxyJump: JumpTarget[];
  /** User files first, then the global ones. */
  knownHostsFiles: string[];
  hostKeyAlias?: string;
  /** yes, no, ask, accept-new or off: reported only, the host-key policy is an option of ours. */
  strictHostKeyChecking: string;
  addressFamily?: 4 | 6;
  connectTimeoutMs?: number;
  keepaliveIntervalMs?: number;
  keepaliveCountMax?: number;
}

/** Parses the output of `ssh -G HOST` (one `keyword value` per line, keywords in lower case, some repeated). */
export function parseSshG(output: string, alias: string): SshSettings {
  const options = readOptions(output);
  const one = (keyword: string) => options.get(keyword)?.[0];
  rejectProxyCommand(one('proxycommand'), alias);

  const settings: SshSettings = {
    hostname: one('hostname') ?? alias,
    port: Number(one('port') ?? 22),
    user: one('user') ?? '',
    identityFiles: (options.get('identityfile') ?? []).filter((path) => path !== 'none'),
    identitiesOnly: one('identitiesonly') === 'yes',
    proxyJump: parseProxyJump(one('proxyjump') ?? ''),
    knownHostsFiles: [...splitPaths(one('userknownhostsfile')), ...splitPaths(one('globalknownhostsfile'))],
    strictHostKeyChecking: one('stricthostkeychecking') ?? 'ask',
  };
  const identityAgent = one('identityagent');
  if (identityAgent !== undefined) settings.identityAgent = identityAgent;
  const hostKeyAlias = one('hostkeyalias');
  if (hostKeyAlias !== undefined && hostKeyAlias !== 'none') settings.hostKeyAlias = hostKeyAlias;
  const family = one('addressfamily');
  if (family === 'inet' || family === 'inet6') settings.addressFamily = family === 'inet' ? 4 : 6;
  const connectTimeout = seconds(one('connecttimeout'));
  if (connectTimeout !== undefined) settings.connectTimeoutMs = connectTimeout * 1000;
  const interval = seconds(one('serveraliveinterval'));
  if (interval !== undefined) {
    settings.keepaliveIntervalMs = interval * 1000;
    settings.keepaliveCountMax = seconds(one('serveralivecountmax')) ?? 3;
  }
  return settings;
}

function readOptions(output: string): Map<string, string[]> {
  const options = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const space = line.indexOf(' ');
    if (space <= 0) continue;
    const keyword = line.slice(0, space);
    const values = options.get(keyword) ?? [];
    values.push(line.slice(space + 1).trim());
    options.set(keyword, values);
  }
  return options;
}

function rejectProxyCommand(command: string | undefined, alias: string): void {
  if (command === undefined || command === 'none') return;
  throw usageError({
    code: 'proxy-command-unsupported',
    host: alias,
    message: `ssh_config sets ProxyCommand for ${alias}, which k8s-diskless does not run`,
    hint: 'reach the host by ProxyJump, or set "ProxyCommand none" for it in the file given by --ssh-config',
  });
}

/** ssh prints a list of paths separated by blanks and does not quote: a piece that starts no path belongs to the one before. */
function splitPaths(value: string | undefined): string[] {
  const paths: string[] = [];
  for (const piece of (value ?? '').split(' ')) {
    if (piece === '' || piece === 'none') continue;
    const previous = paths.at(-1);
    if (/^[/~%$]/.test(piece) || previous === undefined) paths.push(piece);
    else paths[paths.length - 1] = `${previous} ${piece}`;
  }
  return paths;
}

/** `none` and 0 mean unset. */
function seconds(value: string | undefined): number | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}
