import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isKeyPath } from '../config/boot-schema.js';
import { type PublicKeyLine, parsePublicKey, publicKeyProblem } from '../config/public-key.js';
import { usageError } from '../errors.js';

export interface SshKeysInput {
  /** Keys and paths of key files; absent: the agent's and ~/.ssh/*.pub. */
  configured?: readonly string[];
  home: string;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

/**
 * Whose keys open the machines, as lines of authorized_keys, each key once.
 *
 * @throws usage error (exit 2) when a named file holds no public key, or no key is found at all
 */
export async function gatherSshKeys(input: SshKeysInput): Promise<string[]> {
  const keys = input.configured ? await configuredKeys(input.configured) : await operatorKeys(input);
  const byBlob = new Map(keys.toReversed().map((key) => [key.blob, key]));
  const unique = keys.filter((key) => byBlob.get(key.blob) === key);
  if (unique.length === 0) throw noKeys();
  return unique.map(({ text }) => text);
}

async function configuredKeys(entries: readonly string[]): Promise<PublicKeyLine[]> {
  const found = await Promise.all(entries.map((entry) => (isKeyPath(entry) ? keysOfFile(entry) : [keyOf(entry)])));
  return found.flat();
}

function keyOf(line: string): PublicKeyLine {
  const key = parsePublicKey(line);
  if (key) return key;
  throw usageError({ code: 'ssh-key-invalid', message: `an SSH key ${publicKeyProblem(line)}` });
}

async function keysOfFile(path: string): Promise<PublicKeyLine[]> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `the public key ${path} cannot be read (${cause.code})`;
    throw usageError({ code: 'ssh-key-unreadable', message, hint: 'name a *.pub file with --ssh-keys', cause });
  });
  const lines = keyLines(text);
  const wrong = text.includes('PRIVATE KEY') ? text : (lines.find((line) => !parsePublicKey(line)) ?? '');
  if (wrong !== '' || lines.length === 0) {
    throw usageError({
      code: 'ssh-key-invalid',
      message: `${path} ${publicKeyProblem(wrong) ?? 'holds no key'}`,
      hint: `name the public half: ${path.replace(/(\.pub)?$/, '.pub')}`,
    });
  }
  return lines.flatMap((line) => parsePublicKey(line) ?? []);
}

function keyLines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** What is no plain key there (certificates, say) is left aside: nobody named it. */
async function operatorKeys({ home, env, signal }: SshKeysInput): Promise<PublicKeyLine[]> {
  const directory = join(home, '.ssh');
  const names = await readdir(directory).catch(() => []);
  const files = names.filter((name) => name.endsWith('.pub')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8').catch(() => '')));
  const lines = [await agentKeys(env, signal), ...texts].flatMap(keyLines);
  return lines.flatMap((line) => parsePublicKey(line) ?? []);
}

/** An agent only looks its keys up. */
const AGENT_TIMEOUT_MS = 5_000;

/** `ssh-add -L` knows every type of key, also those of security tokens; no agent or no keys are an empty answer. */
function agentKeys(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<string> {
  if (!env.SSH_AUTH_SOCK) return Promise.resolve('');
  return new Promise((resolve, reject) => {
    execFile('ssh-add', ['-L'], { env, timeout: AGENT_TIMEOUT_MS, ...(signal && { signal }) }, (error, stdout) => {
      if (signal?.aborted) reject(signal.reason);
      else resolve(error ? '' : stdout);
    });
  });
}

function noKeys(): Error {
  return usageError({
    code: 'no-ssh-keys',
    message: 'no SSH key is known that could open the machines: none in the agent, no ~/.ssh/*.pub',
    hint: 'make one with ssh-keygen -t ed25519, or name one: --ssh-keys ~/.ssh/id_ed25519.pub',
  });
}
