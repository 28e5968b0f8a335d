import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePublicKey, publicKeyProblem } from '../../src/config/public-key.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'public-key-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function keygen(...options: string[]): { publicLine: string; privateText: string } {
  const file = join(directory, options.join(''));
  execFileSync('ssh-keygen', ['-q', '-N', '', '-C', 'me@lab', '-f', file, ...options]);
  return { publicLine: readFileSync(`${file}.pub`, 'utf8'), privateText: readFileSync(file, 'utf8') };
}

describe('keys as ssh-keygen writes them', () => {
  test.each([
    ['ssh-ed25519', ['-t', 'ed25519']],
    ['ssh-rsa', ['-t', 'rsa', '-b', '2048']],
    ['ecdsa-sha2-nistp256', ['-t', 'ecdsa', '-b', '256']],
    ['ecdsa-sha2-nistp521', ['-t', 'ecdsa', '-b', '521']],
  ])('%s', (type, options) => {
    const { publicLine, privateText } = keygen(...options);
    expect(parsePublicKey(publicLine)).toEqual({ type, blob: publicLine.split(' ')[1], text: publicLine.trim() });
    expect(parsePublicKey(privateText)).toBeUndefined();
    expect(publicKeyProblem(privateText)).toMatch(/^is a private key/);
  });
});
