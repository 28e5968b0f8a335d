import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describeKey, isWholeKey, type PublicKey } from './key-format.js';

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
  return entriesFor(parseKnownHosts(files.flat()), host);
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
  if (key.type !== type || !isWholeKey(key)) return undefined;
  return { place, hosts, key, ...(marker === undefined ? {} : { marker }) };
}

/**
 * The entries that count for this host. Off the default port, those of `[host]:port` stand in place of those of the bare
 * name, which ssh looks up only where there is no key under the first (check_host_key in its sshconnect.c). A certificate
 * authority or a revoked key is no such key.
 */
export function entriesFor(entries: readonly KnownHostsEntry[], host: NamedHost): KnownHostsEntry[] {
  const found: KnownHostsEntry[] = [];
  for (const name of knownHostsNames(host)) {
    found.push(...entries.filter((entry) => matchesHosts(entry.hosts, name)));
    if (found.some(isPlainKey)) break;
  }
  return found;
}

export const isPlainKey = ({ marker }: KnownHostsEntry): boolean => marker === undefined;

/** The name under which ssh looks up a host first, and writes down its key. */
export function knownHostsName(host: NamedHost): string {
  const [first = host.hostname] = knownHostsNames(host);
  return first;
}

/** Names under which a host may stand in known_hosts, the one that ssh looks up first before the other. */
function knownHostsNames({ hostname, port, hostKeyAlias }: NamedHost): string[] {
  if (hostKeyAlias !== undefined) return [hostKeyAlias];
  const name = hostname.toLowerCase();
  return port === 22 ? [name] : [`[${name}]:${port}`, name];
}

function matchesHosts(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHashed(hosts, name);
  const patterns = hosts.toLowerCase().split(',');
  const lower = name.toLowerCase();
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), lower))) return false;
  return patterns.some((pattern) => matchesPattern(pattern, lower));
}

/** `|1|base64(salt)|base64(HMAC-SHA1(salt, name))`. */
function matchesHashed(hosts: string, name: string): boolean {
  const [, magic, salt = '', hash = ''] = hosts.split('|');
  if (magic !== '1') return false;
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
