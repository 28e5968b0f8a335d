/** Real OpenSSH programs for the tests: keys by ssh-keygen, an agent by ssh-agent. A missing program is a failure. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyType, TestKey } from './key-files.js';

export interface KeyOptions {
  type?: KeyType;
  passphrase?: string;
  /** Container: OpenSSH's own (default), PEM (PKCS#1, SEC1) or PKCS8. */
  format?: 'RFC4716' | 'PEM' | 'PKCS8';
}

export function generateKey(directory: string, name: string, options: KeyOptions = {}): TestKey {
  const { type = 'ed25519', passphrase = '', format } = options;
  const path = join(directory, name);
  const bits = type === 'rsa' ? ['-b', '2048'] : [];
  const container = format === undefined ? [] : ['-m', format];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...bits, ...container, '-N', passphrase, '-C', name, '-f', path]);
  const fingerprint =
    execFileSync('ssh-keygen', ['-lf', `${path}.pub`])
      .toString()
      .split(' ')[1] ?? '';
  return { path, public: readFileSync(`${path}.pub`, 'utf8').trim(), fingerprint };
}

export interface TestAgent {
  socket: string;
  add(key: TestKey, passphrase?: string): void;
  stop(): Promise<void>;
}

export async function startAgent(): Promise<TestAgent> {
  const directory = mkdtempSync(join(tmpdir(), 'agent-'));
  const socket = join(directory, 'socket');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  // It prints its variables as soon as it listens.
  await once(agent.stdout, 'data');
  return {
    socket,
    add(key, passphrase = '') {
      // With no terminal and SSH_ASKPASS_REQUIRE=force, ssh-add takes the passphrase from a program.
      const env = {
        ...process.env,
        SSH_AUTH_SOCK: socket,
        SSH_ASKPASS: askpass(),
        SSH_ASKPASS_REQUIRE: 'force',
        PASSPHRASE: passphrase,
      };
      execFileSync('ssh-add', ['-q', key.path], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    },
    async stop() {
      agent.kill();
      await once(agent, 'exit');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function askpass(): string {
  return new URL('askpass.sh', import.meta.url).pathname;
}
