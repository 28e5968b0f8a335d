import { describe, expect, it } from 'vitest';
import { binaryVersion, sourceVersion, upstreamVersion } from './debian-version.js';

describe('upstreamVersion', () => {
  it.each([
    ['1.20.5+really1.20.2-1.1+deb12u1', '1.20.2'],
    ['3.4.23+dfsg-4+b4', '3.4.23'],
    ['1.1.1+ds1-3+b4', '1.1.1'],
    ['1.6.20~ds1-1+deb12u3', '1.6.20'],
    ['2:1.19~1', '1.19~1'],
    ['1:9.2p1-2+deb12u10', '9.2p1'],
    ['1.2.3', '1.2.3'],
  ])('%s is upstream %s', (debian, upstream) => expect(upstreamVersion(debian)).toBe(upstream));
});

describe('versions in file names', () => {
  it('reads that of a source package', () => {
    const files = ['kubernetes_1.20.2.orig.tar.gz', 'kubernetes_1.20.2-1.1+deb12u1.dsc'];
    expect(sourceVersion(files)).toBe('1.20.2-1.1+deb12u1');
  });

  it('reads that of a binary package, with the epoch', () => {
    expect(binaryVersion('busybox-static_1%3a1.35.0-4+b7_amd64.deb')).toBe('1:1.35.0-4+b7');
  });

  it('says what was there when none is found', () => {
    expect(() => sourceVersion(['a.txt'])).toThrowError(expect.objectContaining({ code: 'lab-package-missing' }));
    expect(() => binaryVersion('etcd-server_')).toThrowError(expect.objectContaining({ code: 'lab-package-missing' }));
  });
});
