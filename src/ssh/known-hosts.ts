import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describeKey, type PublicKey } from './key-format.js';

export interface KnownHostsFile {
  path: string;
  text: string;
}

export interface NamedHost {
  hostname: string;
  port: number;
  hostKeyAlias?: string | undefined;
}

export interface KnownHostsEntry {
  /** `FILE:LINE`. */
  place: string;
  marker?: 'revoked' | 'cert-authority';
  /** Comma-separated patterns, or one hashed name. */
  hosts: string;
  key: PublicKey;
}

/** What the known_hosts files say of one host; a missing file says nothing. */
export async function readKnownHosts(
  host: NamedHost & { knownHostsFiles: readonly string[] },
): Promise<KnownHostsEntry[]> {
  const files = await Promise.all(
    host.knownHostsFiles.map(async (path) => {
      const text = await readFile(path, 'utf8').catch(() => undefined);
      return text === undefined ? [] : [{ path, text }];
    }),
  );
  return entriesFor(parseKnownHosts(files.flat()), knownHostsNames(host));
}

/** Entries of known_hosts files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT); lines that are not entries are passed over as ssh does. */
export function parseKnownHosts(files: readonly KnownHostsFile[]): KnownHostsEntry[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => parseLine(line.trim(), `${path}:${index + 1}`) ?? []),
  );
}

const MARKERS = { '@revoked': 'revoked', '@cert-authority': 'cert-authority' } as const;

function parseLine(line: string, place: string): KnownHostsEntry | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const fields = line.split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') ? MARKERS[fields.shift() as keyof typeof MARKERS] : undefined;
  if (line.startsWith('@') && marker === undefined) return undefined;
  const [hosts, type, base64] = fields;
  if (hosts === undefined || type === undefined || base64 === undefined) return undefined;
  const key = describeKey(Buffer.from(base64, 'base64'));
  if (key.type !== type) return undefined;
  return { place, hosts, key, ...(marker === undefined ? {} : { marker }) };
}

/** The entries that speak of this host; `names` as knownHostsNames gives them. */
export function entriesFor(entries: readonly KnownHostsEntry[], names: readonly string[]): KnownHostsEntry[] {
  return entries.filter((entry) => names.some((name) => matchesHosts(entry.hosts, name)));
}

/**
 * Names under which a host stands in known_hosts: `[host]:port` off the default port, and then also the bare name,
 * which ssh looks up as a second choice.
 */
export function knownHostsNames(host: NamedHost): string[] {
  if (host.hostKeyAlias !== undefined) return [host.hostKeyAlias];
  const name = host.hostname.toLowerCase();
  return host.port === 22 ? [name] : [`[${name}]:${host.port}`, name];
}

function matchesHosts(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) return matchesHashed(hosts, name);
  const patterns = hosts.toLowerCase().split(',');
  const lower = name.toLowerCase();
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), lower))) return false;
  return patterns.some((pattern) => matchesPattern(pattern, lower));
}

/** `|1|base64(salt)|base64(HMAC-SHA1(salt, name))`. */
function matchesHashed(hosts: string, name: string): boolean {
  const [, , salt = '', hash = ''] = hosts.split('|');
  const expected = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** `*` stands for any run of characters, `?` for one; everything else, brackets too, for itself. */
function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}
