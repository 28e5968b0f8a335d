import type { ConfigPath } from '../config/problems.js';
import { readDataUrl } from './ignition/data-url.js';

export interface FoundSecret {
  path: ConfigPath;
  /** What it looks like, never the thing itself. */
  what: string;
}

/* Machines fetch over plain http, and whoever is on their network can do the same: nothing secret may lie there. */
const PATTERNS: readonly { what: string; pattern: RegExp }[] = [
  { what: 'a private key', pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/ },
  { what: "a kubeconfig with a client's key", pattern: /\bclient-key-data["']?\s*:/ },
  { what: 'a token', pattern: /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+/ },
  // At least one digit: by chance a token has none in one of a thousand, and names of machines have none as a rule.
  { what: 'a bootstrap token', pattern: /(?<![\w.-])(?=[a-z.]*\d)[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.-])/ },
  // crypt(5), with a salt between the method and the hash; bcrypt has its cost there. A script's "$1$2" is shorter.
  {
    what: 'a password hash',
    pattern: /\$(1|2[abxy]|5|6|7|y|gy|sha1|md5|scrypt|argon2(i|d|id))\$[^\s$:"']*\$[\w./+=,$-]{20,}/,
  },
  { what: 'a password in a URL', pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#"'@:]*:(?!\$)[^\s/?#"'@]+@/i },
];

/** A hash that nothing matches: a password that is locked. */
const LOCKED = /^[!*]*$/;
const CREDENTIAL_HEADER = /^(authorization|proxy-authorization|cookie)$|token|secret|api-?key/i;

/** Fields of Ignition that hold secrets, whatever these look like. */
function secretField(key: string, value: unknown): { within: ConfigPath; what: string } | undefined {
  if (key === 'passwordHash' && typeof value === 'string' && !LOCKED.test(value)) {
    return { within: [], what: 'a password hash' };
  }
  if (key === 'keyFile' && typeof field(value, 'source') === 'string') {
    return { within: ['source'], what: 'the key of an encrypted disk' };
  }
  return undefined;
}

/** `{name: Authorization, value: …}` of a resource's `httpHeaders`. */
function isCredentialHeader(value: object): boolean {
  const [name, text] = [field(value, 'name'), field(value, 'value')];
  return typeof name === 'string' && CREDENTIAL_HEADER.test(name) && typeof text === 'string' && text !== '';
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** What a text would give away; undefined when nothing is recognised. */
export function secretIn(text: string): string | undefined {
  return PATTERNS.find(({ pattern }) => pattern.test(text))?.what;
}

/** Everything in a JSON value that must not be served, looked for inside data URLs too. */
export function secretsIn(value: unknown, path: ConfigPath = []): FoundSecret[] {
  if (typeof value === 'string') return secretsOfText(value, path);
  if (Array.isArray(value)) return value.flatMap((item, index) => secretsIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  if (isCredentialHeader(value)) return [{ path: [...path, 'value'], what: 'credentials in an HTTP header' }];
  return [
    ...secretsOfCompressed(value, path),
    ...Object.entries(value).flatMap(([key, item]) => {
      const secret = secretField(key, item);
      return secret ? [{ path: [...path, key, ...secret.within], what: secret.what }] : secretsIn(item, [...path, key]);
    }),
  ];
}

function secretsOfText(text: string, path: ConfigPath): FoundSecret[] {
  const what = secretIn(text);
  return what === undefined ? secretsOfDecoded(readDataUrl(text), path) : [{ path, what }];
}

/** A resource of Ignition says beside its URL that the content is compressed. */
function secretsOfCompressed(value: { source?: unknown; compression?: unknown }, path: ConfigPath): FoundSecret[] {
  const { source, compression } = value;
  if (typeof source !== 'string' || compression !== 'gzip') return [];
  return secretsOfDecoded(readDataUrl(source, 'gzip'), [...path, 'source']);
}

/** What a data URL holds may be another Ignition file with data URLs of its own (`ignition.config.merge`). */
function secretsOfDecoded(text: string | undefined, path: ConfigPath): FoundSecret[] {
  if (text === undefined) return [];
  const what = secretIn(text) ?? secretsIn(jsonObject(text))[0]?.what;
  return what === undefined ? [] : [{ path, what }];
}

function jsonObject(text: string): unknown {
  try {
    return text.trimStart().startsWith('{') ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
