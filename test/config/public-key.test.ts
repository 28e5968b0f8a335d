import { describe, expect, test } from 'vitest';
import { parsePublicKey, publicKeyProblem } from '../../src/config/public-key.js';

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
