import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { gatherSshKeys } from '../../src/boot/ssh-keys.js';
import { KEYS } from './fixture.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ssh-keys-'));
  mkdirSync(join(home, '.ssh'));
});
afterEach(() => rmSync(home, { recursive: true }));

const [ED25519 = '', TOKEN = ''] = KEYS;

function keygen(name: string): string {
  const file = join(home, '.ssh', name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  return readFileSync(`${file}.pub`, 'utf8').trim();
}

/** A real agent with these keys; gone after the test. */
function agentWith(...names: string[]): NodeJS.ProcessEnv {
  const socket = join(home, 'agent');
  const { SSH_AGENT_PID: pid } = Object.fromEntries(
    [...spawnSync('ssh-agent', ['-a', socket], { encoding: 'utf8' }).stdout.matchAll(/(\w+)=([^;]+);/g)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );
  onTestFinished(() => void process.kill(Number(pid)));
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  for (const name of names) execFileSync('ssh-add', ['-q', join(home, '.ssh', name)], { env });
  return env;
}

describe('beside an agent of OpenSSH', () => {
  test("the agent's keys and ~/.ssh/*.pub, each once, the agent's first", async () => {
    const [a, b] = [keygen('a'), keygen('b')];
    expect(await gatherSshKeys({ home, env: agentWith('b') })).toEqual([b, a]);
  });

  test('an empty one is none', async () => {
    const key = keygen('a');
    expect(await gatherSshKeys({ home, env: agentWith() })).toEqual([key]);
  });

  test('keys and files of keys, and nothing besides', async () => {
    keygen('other');
    const file = join(home, 'keys.pub');
    writeFileSync(file, `# who\n${TOKEN}\r\n\n${ED25519}\n`);
    const env = agentWith('other');
    expect(await gatherSshKeys({ home, env, configured: [ED25519, file] })).toEqual([ED25519, TOKEN]);
  });
});
