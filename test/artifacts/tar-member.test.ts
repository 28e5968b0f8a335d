import { describe, expect, it } from 'vitest';
import { tarHeader, tarMember, tarPadding } from '../../src/artifacts/tar-member.js';

describe('tar members', () => {
  it('fill whole blocks whatever the size', () => {
    for (const size of [0, 1, 511, 512, 513, 1023, 1024]) {
      expect(tarMember({ name: 'f', mode: 0o644 }, Buffer.alloc(size)).length % 512).toBe(0);
      expect(tarPadding(size).length).toBeLessThan(512);
    }
  });

  it('give the largest size USTAR can hold, and refuse the next', () => {
    expect(tarHeader({ name: 'f', mode: 0o644, size: 8 ** 11 - 1 }).toString('latin1', 124, 136)).toBe('77777777777\0');
    expect(() => tarHeader({ name: 'f', mode: 0o644, size: 8 ** 11 })).toThrow(RangeError);
    expect(() => tarHeader({ name: 'f', mode: 0o644, size: -1 })).toThrow(RangeError);
  });

  it.each([
    ['an empty name', ''],
    ['an absolute name', '/etc/passwd'],
    ['a NUL byte', 'a\0b'],
    ['101 bytes without a slash', 'n'.repeat(101)],
    ['a prefix of more than 155 bytes', `${'p'.repeat(156)}/${'n'.repeat(10)}`],
    ['nothing after the slash', `${'p'.repeat(110)}/`],
  ])('refuse %s', (_, name) => {
    expect(() => tarHeader({ name, mode: 0o644, size: 0 })).toThrow(RangeError);
  });
});
