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

describe('what is no key', () => {
  const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIL/LJ5xUJf70f+ngnJMwuPyGthNK0fKgEP67vLC3gQJ0';
  test.each([
    ['', /is not an SSH public key/],
    ['ssh-dss AAAA me', /is not an SSH public key/],
    [`restrict ssh-ed25519 ${blob}`, /is not an SSH public key/],
    [`ssh-rsa ${blob}`, /damaged/],
    [`ssh-ed25519 ${blob.slice(0, 20)}`, /damaged/],
    ['ssh-ed25519', /damaged/],
    ['ssh-ed25519 no-base64!', /damaged/],
    [`ssh-ed25519 ${blob} a\nssh-ed25519 ${blob} b`, /more than one line/],
    [`ssh-ed25519-cert-v01@openssh.com ${blob}`, /is a certificate/],
  ])('%j', (line, problem) => {
    expect(publicKeyProblem(line)).toMatch(problem);
    expect(parsePublicKey(line)).toBeUndefined();
  });

  test('a problem never quotes what may be secret', () => {
    expect(publicKeyProblem('hunter2')).not.toContain('hunter2');
  });
});
