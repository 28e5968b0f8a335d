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
  { what: 'a password hash', pattern: /(^|[\s:"'])\$(1|2[abxy]|5|6|7|y|gy)\$[^\s:"']{8,}/m },
];

/** What a text would give away; undefined when nothing is recognised. */
export function secretIn(text: string): string | undefined {
  return PATTERNS.find(({ pattern }) => pattern.test(text))?.what;
}

/** Everything in a JSON value that must not be served, looked for inside data URLs too. */
export function secretsIn(value: unknown, path: ConfigPath = []): FoundSecret[] {
  if (typeof value === 'string') return secretsOfText(value, path);
  if (Array.isArray(value)) return value.flatMap((item, index) => secretsIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return [
    ...secretsOfCompressed(value, path),
    ...Object.entries(value).flatMap(([key, item]) => secretsIn(item, [...path, key])),
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
