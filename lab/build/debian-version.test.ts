import { describe, expect, it } from 'vitest';
import { binaryVersion } from './debian-version.js';

describe('binaryVersion', () => {
  it('reads the version of a package, with the epoch', () => {
    expect(binaryVersion('busybox-static_1%3a1.35.0-4+b7_amd64.deb')).toBe('1:1.35.0-4+b7');
  });

  it('says what was there when none is found', () => {
    expect(() => binaryVersion('etcd-server_')).toThrowError(expect.objectContaining({ code: 'lab-package-missing' }));
  });
});
