import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gatherSshKeys } from '../../src/boot/ssh-keys.js';
import type { DisklessError } from '../../src/errors.js';
import { writeKeyFile } from '../helpers/key-files.js';
import { KEYS } from './fixture.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ssh-keys-'));
  mkdirSync(join(home, '.ssh'));
});
afterEach(() => rmSync(home, { recursive: true }));

const [ED25519 = ''] = KEYS;

const keygen = (name: string): string => writeKeyFile(join(home, '.ssh'), name).public;

const NO_AGENT = { PATH: process.env.PATH };

async function refused(configured: string[] | undefined): Promise<DisklessError> {
  return gatherSshKeys({ home, env: NO_AGENT, ...(configured && { configured }) }).then(
    () => Promise.reject(new Error('it is accepted')),
    (error) => error,
  );
}

describe('without a word', () => {
  test('what is no plain public key among the files is left aside', async () => {
    const key = keygen('a');
    writeFileSync(join(home, '.ssh/ca-cert.pub'), 'ssh-ed25519-cert-v01@openssh.com AAAA ca\n');
    writeFileSync(join(home, '.ssh/notes.pub'), '# nothing\n\n');
    expect(await gatherSshKeys({ home, env: NO_AGENT })).toEqual([key]);
  });

  test('an agent that is gone is none', async () => {
    const key = keygen('a');
    expect(await gatherSshKeys({ home, env: { ...NO_AGENT, SSH_AUTH_SOCK: join(home, 'none') } })).toEqual([key]);
  });

  test('no key at all: nobody could log in', async () => {
    expect(await refused(undefined)).toMatchObject({ code: 'no-ssh-keys', exit: 2 });
    rmSync(join(home, '.ssh'), { recursive: true });
    expect((await refused(undefined)).hint).toContain('ssh-keygen');
  });
});

describe('as configured', () => {
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
