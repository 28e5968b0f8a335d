import { expect, it } from 'vitest';
import { checkUnattended, type UnattendedInput } from '../../src/plan/preflight-unattended.js';

const KEY = { type: 'ssh-ed25519', fingerprint: 'SHA256:now' };
const BEFORE = { type: 'ssh-ed25519', fingerprint: 'SHA256:before' };

function codes(changes: Partial<UnattendedInput> = {}): string[] {
  const input: UnattendedInput = {
    node: { name: 's4', role: 'control-plane' },
    policy: 'per-boot',
    trustsPerBoot: false,
    presented: KEY,
    recorded: BEFORE,
    machine: 'same',
    ...changes,
  };
  return checkUnattended(input).map(({ code }) => code);
}

it('believes no new key of a control plane that nothing proves', () => {
  expect(codes()).toEqual(['host-key-unproven']);
  expect(codes({ recorded: undefined })).toEqual(['host-key-unproven']);
  expect(codes({ policy: 'insecure' })).toEqual(['host-key-unproven']);
});

it('believes that of the boot before, a pinned one, one that known_hosts has, and where a person said so', () => {
  expect(codes({ presented: BEFORE })).toEqual([]);
  expect(codes({ node: { name: 's4', role: 'control-plane', hostKeys: ['SHA256:now'] } })).toEqual([]);
  expect(codes({ policy: 'strict' })).toEqual([]);
  expect(codes({ trustsPerBoot: true })).toEqual([]);
  expect(codes({ node: { name: 's7', role: 'worker' } })).toEqual([]);
});

it('gives nothing to another machine under a known name, whoever trusts what', () => {
  const machine = 'other';
  expect(codes({ machine, trustsPerBoot: true })).toEqual(['machine-changed']);
  expect(codes({ machine, node: { name: 's7', role: 'worker' } })).toEqual(['machine-changed']);
  // A record of an earlier release does not know which machine it was.
  expect(codes({ machine: 'unknown', recorded: KEY })).toEqual([]);
});
