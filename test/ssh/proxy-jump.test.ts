import { describe, expect, it } from 'vitest';
import { parseProxyJump } from '../../src/ssh/proxy-jump.js';

describe('parseProxyJump', () => {
  it.each([
    ['', []],
    ['none', []],
    ['gate', [{ host: 'gate' }]],
    ['core@gate', [{ host: 'gate', user: 'core' }]],
    ['core@gate:2222', [{ host: 'gate', user: 'core', port: 2222 }]],
    ['gate:2222', [{ host: 'gate', port: 2222 }]],
    ['[fe80::1]:22', [{ host: 'fe80::1', port: 22 }]],
    ['core@[::1]', [{ host: '::1', user: 'core' }]],
    ['2001:db8::1', [{ host: '2001:db8::1' }]],
    ['a@b@gate', [{ host: 'gate', user: 'a@b' }]],
    ['ssh://core@gate:2222', [{ host: 'gate', user: 'core', port: 2222 }]],
    ['ssh://a%40b@gate/', [{ host: 'gate', user: 'a@b' }]],
    ['one,core@two:23, three', [{ host: 'one' }, { host: 'two', user: 'core', port: 23 }, { host: 'three' }]],
  ])('reads %j', (value, hops) => {
    expect(parseProxyJump(value)).toEqual(hops);
  });

  it.each(['gate:', 'gate:0', 'gate:65536', 'a,,b', '-oProxyCommand=x', 'core@', '[::1'])('rejects %j', (value) => {
    expect(() => parseProxyJump(value)).toThrowError(expect.objectContaining({ code: 'proxy-jump-invalid', exit: 2 }));
  });
});
