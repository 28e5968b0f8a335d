import { X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type DisklessError, usageError } from '../errors.js';
import type { TlsFiles } from '../web/http-server.js';

export interface PageAccessOptions {
  /** Where the page listens: an address, not a name. */
  host: string;
  /** Absolute paths. */
  tokenFile?: string | undefined;
  tlsCertFile?: string | undefined;
  tlsKeyFile?: string | undefined;
}

/** Who may look at the page, and how it is spoken to. */
export interface PageAccess {
  tls?: TlsFiles;
  /** Without one, whoever reaches the address may look. */
  token?: string;
  /** Only this machine reaches it: names of others in a request are somebody's trick. */
  isLoopback: boolean;
}

/** Enough that nobody guesses it: 16 bytes as hexadecimal digits have 32. */
const TOKEN_LENGTH = 20;

export const isLoopback = (host: string): boolean => host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/**
 * Reads what access to the page is decided by. On a loopback address nothing is asked for; what is configured holds there,
 * too.
 *
 * @throws usage error (exit 2): files that are missing, do not belong together, or that others can read
 */
export async function readPageAccess(options: PageAccessOptions): Promise<PageAccess> {
  const { host, tokenFile, tlsCertFile, tlsKeyFile } = options;
  const loopback = isLoopback(host);
  const hasTls = tlsCertFile !== undefined && tlsKeyFile !== undefined;
  const lacking = [
    ...(hasTls ? [] : ['serve.page.tlsCertFile and serve.page.tlsKeyFile']),
    ...(tokenFile === undefined ? ['serve.page.tokenFile'] : []),
  ];
  if (!loopback && lacking.length > 0) throw unprotected(host, lacking.join(', '));
  if (!hasTls && (tlsCertFile ?? tlsKeyFile) !== undefined) throw halfOfTls(tlsCertFile === undefined);
  return {
    isLoopback: loopback,
    ...(tokenFile !== undefined && { token: await readToken(tokenFile) }),
    ...(hasTls && { tls: await readTls(tlsCertFile, tlsKeyFile) }),
  };
}

async function readToken(path: string): Promise<string> {
  const token = (await readFileOf(path, 'token')).trim();
  if (token.length >= TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(token)) return token;
  throw usageError({
    code: 'page-token-weak',
    message: `${path} holds no token of at least ${TOKEN_LENGTH} printable characters without spaces`,
    hint: `(umask 077; openssl rand -hex 32 > ${path})`,
  });
}

async function readTls(certFile: string, keyFile: string): Promise<TlsFiles> {
  const [cert, key] = await Promise.all([readFileOf(certFile, 'certificate'), readFileOf(keyFile, 'key')]);
  try {
    const certificate = new X509Certificate(cert);
    createSecureContext({ cert, key });
    if (Date.parse(certificate.validTo) < Date.now()) throw new Error(`it ended on ${certificate.validTo}`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw usageError({
      code: 'page-certificate-unusable',
      message: `${certFile} and ${keyFile} cannot be served with: ${reason}`,
      hint: 'both in PEM: the certificate with those that signed it, and its own key without a passphrase',
      cause,
    });
  }
  return { cert, key };
}

/** Of what is secret only what nobody else can read. */
async function readFileOf(path: string, what: 'token' | 'certificate' | 'key'): Promise<string> {
  const handle = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, what, cause);
  });
  try {
    const found = await handle.stat();
    const others = found.mode & (what === 'token' ? 0o077 : what === 'key' ? 0o007 : 0);
    if (others !== 0) throw exposed(path, what);
    return await handle.readFile('utf8').catch((cause: NodeJS.ErrnoException) => {
      throw unreadable(path, what, cause);
    });
  } finally {
    await handle.close();
  }
}

function unreadable(path: string, what: string, cause: NodeJS.ErrnoException): DisklessError {
  const message = `the page's ${what} cannot be read from ${path}: ${cause.code}`;
  return usageError({ code: 'page-file-unreadable', message, hint: 'check the path in serve.page', cause });
}

function exposed(path: string, what: string): DisklessError {
  return usageError({
    code: 'page-file-exposed',
    message: `others can read the page's ${what} in ${path}`,
    hint: `chmod 600 ${path}, and put another ${what} there if somebody may have seen it`,
  });
}

function unprotected(host: string, lacking: string): DisklessError {
  return usageError({
    code: 'page-unprotected',
    message: `on ${host} others can reach the page, and ${lacking} is not set`,
    hint: 'set it, or listen on 127.0.0.1 and look through `ssh -L`',
  });
}

function halfOfTls(lacksCertificate: boolean): DisklessError {
  const [given, lacking] = lacksCertificate ? ['tlsKeyFile', 'tlsCertFile'] : ['tlsCertFile', 'tlsKeyFile'];
  return usageError({
    code: 'page-tls-incomplete',
    message: `serve.page.${given} is set, and serve.page.${lacking} is not`,
    hint: 'TLS needs both',
  });
}
