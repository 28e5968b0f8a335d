import { describe, expect, test } from 'vitest';
import { isDnsLabel, isDnsSubdomain, nodeNameProblem, sshHostProblem, sshUserProblem } from '../../src/config/names.js';

describe('node names', () => {
  test.each(['s4', '4', 's-4', 's4.lab.example.org', 'a'.repeat(63)])('%s is one', (name) =>
    expect(nodeNameProblem(name)).toBeUndefined(),
  );

  test.each([
    ['', 'must consist of'],
    ['S4', 'lower case'],
    ['s_4', 'must consist of'],
    ['-s4', 'must consist of'],
    ['s4-', 'must consist of'],
    ['s4..x', 'must consist of'],
    ['../s4', 'must consist of'],
    ['10.0.0.4', 'is an address'],
    ['fd00::4', 'is an address'],
    [`${'a'.repeat(40)}.${'b'.repeat(40)}`, 'longer than 63'],
  ])('%j is none: %s', (name, problem) => expect(nodeNameProblem(name)).toContain(problem));
});

test.each(['s4', 'S4.lab', 'jump_host', '10.0.0.4', 'fd00::4', 'fe80::4%eth0'])('%s is an SSH host', (host) =>
  expect(sshHostProblem(host)).toBeUndefined(),
);

test.each(['', '-oProxyCommand=x', 'a b', 's4;reboot', '$(id)', 'fe80::%'])('%j is no SSH host', (host) =>
  expect(sshHostProblem(host)).toBeTypeOf('string'),
);

test('an SSH user is never read as an option', () => {
  expect(sshUserProblem('core')).toBeUndefined();
  expect(sshUserProblem('-l')).toBeTypeOf('string');
  expect(sshUserProblem('')).toBe('the user is empty');
});

test('labels and subdomains', () => {
  expect(isDnsLabel('a'.repeat(63))).toBe(true);
  expect(isDnsLabel('a'.repeat(64))).toBe(false);
  expect(isDnsLabel('a.b')).toBe(false);
  expect(isDnsSubdomain('cluster.local')).toBe(true);
  expect(isDnsSubdomain(`${'a.'.repeat(130)}a`)).toBe(false);
});
