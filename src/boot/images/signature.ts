import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCommand } from '../../artifacts/find-command.js';
import { DisklessError, usageError } from '../../errors.js';
import { dearmor } from './dearmor.js';

/** Tells whether a file was signed by a key of the keyring. */
export interface SignatureChecker {
  /**
   * @param name For messages.
   * @returns the fingerprint of the key that signed
   * @throws DisklessError `signature-invalid`
   */
  check: (file: { name: string; path: string; signature: Buffer; signal?: AbortSignal }) => Promise<string>;
}

/**
 * Signatures are checked by gpgv, GnuPG's verifier, with the keys of one file and nothing else: no web of trust, no
 * key of the user's.
 *
 * @throws usage error (exit 2) when the keyring cannot be read or there is no gpgv
 */
export async function openSignatureChecker(keyring: string, env: NodeJS.ProcessEnv): Promise<SignatureChecker> {
  const keys = await readFile(keyring).catch((cause: NodeJS.ErrnoException) => {
    const message = `the keyring ${keyring} cannot be read (${cause.code})`;
    throw usageError({ code: 'keyring-unreadable', message, hint: 'check the path given with --keyring', cause });
  });
  const gpgv = await findCommand('gpgv', env);
  if (gpgv === undefined) {
    throw usageError({
      code: 'gpgv-missing',
      message: 'signatures cannot be checked: there is no gpgv on PATH',
      hint: 'install GnuPG (Debian: apt-get install gpgv), or name no keyring: boot fetch --checksums-only',
    });
  }
  return { check: (file) => check({ ...file, gpgv, keys: dearmor(keys), keyring }) };
}

interface CheckInput {
  name: string;
  path: string;
  signature: Buffer;
  gpgv: string;
  keys: Buffer;
  keyring: string;
  signal?: AbortSignal;
}

async function check({ name, path, signature, gpgv, keys, keyring, signal }: CheckInput): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'k8s-diskless-gpgv-'));
  try {
    const files = { keys: join(home, 'keys.gpg'), signature: join(home, 'signature') };
    await writeFile(files.keys, keys);
    await writeFile(files.signature, dearmor(signature));
    const args = ['--homedir', home, '--status-fd', '1', '--keyring', files.keys, files.signature, path];
    const { ok, status, log } = await run(gpgv, args, signal);
    const fingerprint = signer(status);
    if (ok && fingerprint !== undefined) return fingerprint;
    throw invalid({ name, keyring, status, log });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Lines `[GNUPG:] VALIDSIG fingerprint … primary-key-fingerprint`, doc/DETAILS of GnuPG. */
function signer(status: string): string | undefined {
  const line = /^\[GNUPG:\] VALIDSIG (.+)$/m.exec(status)?.[1];
  return line?.trim().split(' ').at(-1);
}

function invalid({ name, keyring, status, log }: { name: string; keyring: string; status: string; log: string }) {
  const unknown = /^\[GNUPG:\] NO_PUBKEY (\w+)/m.exec(status)?.[1];
  return new DisklessError({
    code: 'signature-invalid',
    message:
      unknown === undefined
        ? `the signature of ${name} is not good`
        : `${name} is signed by the key ${unknown}, which is not in ${keyring}`,
    detail: log.trim(),
    hint:
      unknown === undefined
        ? 'do not use these images; fetch them from another source and compare'
        : 'get the current keys from the makers of the operating system, by a way you trust',
  });
}

function run(program: string, args: readonly string[], signal: AbortSignal | undefined) {
  return new Promise<{ ok: boolean; status: string; log: string }>((resolve, reject) => {
    execFile(program, args, { ...(signal && { signal }) }, (error, status, log) => {
      if (signal?.aborted) reject(signal.reason);
      else resolve({ ok: error === null, status, log });
    });
  });
}
