import { createHash, createPrivateKey } from 'node:crypto';
// Node finds only some of the names this CommonJS module exports; the default export has them all.
import ssh2, { type ParsedKey } from 'ssh2';
import type { HostKey } from './transport.js';

/** A public key as it travels in SSH and stands, base64 encoded, in known_hosts and *.pub files. */
export interface PublicKey extends HostKey {
  blob: Buffer;
}

/** The key's type name and its fingerprint as ssh-keygen prints it. */
export function describeKey(blob: Buffer): PublicKey {
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { type: readString(blob, 0)?.toString('latin1') ?? 'unknown', fingerprint: `SHA256:${digest}`, blob };
}

/** Whether nothing of it was cut off or added: after the type, every kind of key is a list of strings (RFC 4253 §6.6). */
export function isWholeKey({ blob }: PublicKey): boolean {
  let [offset, strings] = [0, 0];
  for (; offset < blob.length; strings++) {
    const field = readString(blob, offset);
    if (field === undefined) return false;
    offset += 4 + field.length;
  }
  return strings > 1;
}

/** RFC 4251 §5: a string is a 32-bit length and that many bytes. */
function readString(buffer: Buffer, offset: number): Buffer | undefined {
  if (buffer.length < offset + 4) return undefined;
  const end = offset + 4 + buffer.readUInt32BE(offset);
  return end > buffer.length ? undefined : buffer.subarray(offset + 4, end);
}

export type KeyFile =
  | { kind: 'private'; key: ParsedKey }
  /** Its public half is known only where the format shows it. */
  | { kind: 'encrypted'; publicKey?: PublicKey }
  | { kind: 'public'; publicKey: PublicKey }
  | { kind: 'unreadable'; reason: string };

/** Tells what an identity file holds; text as read from disk. */
export function readKeyFile(text: string): KeyFile {
  const encrypted = readEncrypted(text);
  if (encrypted) return encrypted;
  const parsed = ssh2.utils.parseKey(toReadableByssh2(text));
  // An OpenSSH private key file may hold several keys by its format; ssh-keygen writes one.
  const key = Array.isArray(parsed) ? (parsed[0] as ParsedKey) : parsed;
  if (key instanceof Error) return { kind: 'unreadable', reason: key.message };
  if (key.isPrivateKey()) return { kind: 'private', key };
  return { kind: 'public', publicKey: describeKey(key.getPublicSSH()) };
}

const OPENSSH_PRIVATE = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/;
const OPENSSH_MAGIC = 'openssh-key-v1\0';

function readEncrypted(text: string): KeyFile | undefined {
  if (/^Proc-Type: 4,ENCRYPTED/m.test(text) || text.includes('BEGIN ENCRYPTED PRIVATE KEY')) {
    return { kind: 'encrypted' };
  }
  const body = OPENSSH_PRIVATE.exec(text)?.[1];
  if (body === undefined) return undefined;
  return readOpensshEncrypted(Buffer.from(body, 'base64'));
}

/** PROTOCOL.key of OpenSSH: magic, cipher name, KDF name, KDF options, number of keys, public key, private part. */
function readOpensshEncrypted(data: Buffer): KeyFile | undefined {
  let offset = OPENSSH_MAGIC.length;
  const next = () => {
    const field = readString(data, offset);
    offset += 4 + (field?.length ?? 0);
    return field;
  };
  const cipher = next()?.toString('latin1');
  if (cipher === undefined || cipher === 'none') return undefined;
  next();
  next();
  offset += 4;
  const blob = next();
  return blob === undefined ? { kind: 'encrypted' } : { kind: 'encrypted', publicKey: describeKey(blob) };
}

/** ssh2 knows the PKCS#1 and SEC1 forms but not PKCS#8, which OpenSSH reads as well. */
function toReadableByssh2(text: string): string {
  if (!text.includes('-----BEGIN PRIVATE KEY-----')) return text;
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString();
    if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString();
  } catch {
    // Left as it is: ssh2's own message says what is wrong with the file.
  }
  return text;
}
