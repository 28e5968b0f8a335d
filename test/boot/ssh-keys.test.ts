import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { gatherSshKeys } from '../../src/boot/ssh-keys.js';
import type { DisklessError } from '../../src/errors.js';
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

const NO_AGENT = { PATH: process.env.PATH };

async function refused(configured: string[] | undefined): Promise<DisklessError> {
  return gatherSshKeys({ home, env: NO_AGENT, ...(configured && { configured }) }).then(
    () => Promise.reject(new Error('it is accepted')),
    (error) => error,
  );
}

describe('without a word', () => {
  test("the agent's keys and ~/.ssh/*.pub, each once, the agent's first", async () => {
    const [a, b] = [keygen('a'), keygen('b')];
    expect(await gatherSshKeys({ home, env: agentWith('b') })).toEqual([b, a]);
  });

  test('what is no plain public key among the files is left aside', async () => {
    const key = keygen('a');
    writeFileSync(join(home, '.ssh/ca-cert.pub'), 'ssh-ed25519-cert-v01@openssh.com AAAA ca\n');
    writeFileSync(join(home, '.ssh/notes.pub'), '# nothing\n\n');
    expect(await gatherSshKeys({ home, env: NO_AGENT })).toEqual([key]);
  });

  test('an agent that is gone, or empty, is none', async () => {
    const key = keygen('a');
    expect(await gatherSshKeys({ home, env: { ...NO_AGENT, SSH_AUTH_SOCK: join(home, 'none') } })).toEqual([key]);
    expect(await gatherSshKeys({ home, env: agentWith() })).toEqual([key]);
  });

  test('no key at all: nobody could log in', async () => {
    expect(await refused(undefined)).toMatchObject({ code: 'no-ssh-keys', exit: 2 });
    rmSync(join(home, '.ssh'), { recursive: true });
    expect((await refused(undefined)).hint).toContain('ssh-keygen');
  });
});

describe('as configured', () => {
  test('keys and files of keys, and nothing besides', async () => {
    keygen('other');
    const file = join(home, 'keys.pub');
    writeFileSync(file, `# who\n${TOKEN}\r\n\n${ED25519}\n`);
    const env = agentWith('other');
    expect(await gatherSshKeys({ home, env, configured: [ED25519, file] })).toEqual([ED25519, TOKEN]);
  });

  test('one key under two comments is one key', async () => {
    const again = ED25519.replace('admin@lab', 'root@lab');
    expect(await gatherSshKeys({ home, env: NO_AGENT, configured: [ED25519, again] })).toEqual([ED25519]);
  });

  test('a private key is refused, and not shown', async () => {
    keygen('a');
    const path = join(home, '.ssh/a');
    const error = await refused([path]);
    expect(error).toMatchObject({ code: 'ssh-key-invalid', exit: 2, hint: `name the public half: ${path}.pub` });
    const body = readFileSync(path, 'utf8').split('\n')[1] ?? '';
    expect(JSON.stringify(error)).not.toContain(body);
  });

  test.each([
    ['nothing there', undefined, 'ssh-key-unreadable'],
    ['an empty file', '\n', 'ssh-key-invalid'],
    ['another file', 'hello\n', 'ssh-key-invalid'],
  ])('%s', async (_title, content, code) => {
    const path = join(home, 'x.pub');
    if (content !== undefined) writeFileSync(path, content);
    expect(await refused([path])).toMatchObject({ code, exit: 2, message: expect.stringContaining(path) });
  });
});
