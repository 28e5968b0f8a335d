import { describe, expect, it } from 'vitest';
import { expandTokens } from '../../src/ssh/expand-tokens.js';

const VALUES = {
  home: '/home/op',
  localUser: 'op',
  uid: 1000,
  alias: 's4',
  hostname: '10.0.0.4',
  hostKeyAlias: undefined,
  port: 2222,
  user: 'core',
  env: { RUN: '/run/user/1000' },
};

describe('expandTokens', () => {
  it.each([
    ['~/.ssh/id', '/home/op/.ssh/id'],
    ['~', '/home/op'],
    ['/a/~/b', '/a/~/b'],
    ['~other/id', '~other/id'],
    ['%d/%n-%h-%p-%r-%u-%i', '/home/op/s4-10.0.0.4-2222-core-op-1000'],
    ['%k', 's4'],
    ['100%%', '100%'],
    [`$${'{RUN}'}/agent`, '/run/user/1000/agent'],
    [`$${'{UNSET}'}/agent`, `$${'{UNSET}'}/agent`],
    ['/keys/%C', '/keys/%C'],
    ['/plain', '/plain'],
  ])('%s -> %s', (path, expanded) => {
    expect(expandTokens(path, VALUES)).toBe(expanded);
  });

  it('takes HostKeyAlias for %k where there is one', () => {
    expect(expandTokens('%k', { ...VALUES, hostKeyAlias: 'node-4' })).toBe('node-4');
  });
});
