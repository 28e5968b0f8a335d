import { describe, expect, it } from 'vitest';
import { checksumOf, withChecksum } from '../../src/artifacts/checksum-file.js';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('checksumOf', () => {
  it.each([
    ['a bare digest', A],
    ['a bare digest with a line end', `${A}\n`],
    ['a bare digest in capitals', `${A.toUpperCase()}\r\n`],
    ['a line of sha256sum', `${A}  kubelet\n`],
    ['a line in binary mode', `${A} *kubelet\n`],
    ['a path made one directory up', `${A}  ./amd64/kubelet\n`],
    ['one line of several', `${B}  kubectl\n${A}  kubelet\n`],
    ['a list with empty lines', `\n${B}  kubelet.sig\n\n${A}  kubelet\n`],
  ])('reads %s', (_, text) => {
    expect(checksumOf(text, 'kubelet')).toBe(A);
  });

  it.each([
    ['nothing', ''],
    ['a page instead of a checksum', '<html>404</html>'],
    ['another file only', `${A}  kubectl\n`],
    ['a name that only ends alike', `${A}  my-kubelet\n`],
    ['a SHA-512', 'c'.repeat(128)],
    ['two bare digests', `${A}\n${B}\n`],
  ])('says nothing for %s', (_, text) => {
    expect(checksumOf(text, 'kubelet')).toBeUndefined();
  });
});

describe('withChecksum', () => {
  it.each([
    ['an empty file', '', ''],
    ['a list without it', `${B}  kubectl\n`, `${B}  kubectl\n`],
    ['a list with another digest of it', `${B}  ./kubelet\n${B}  kubectl\n`, `${B}  kubectl\n`],
    ['a bare digest, which can only be of it', `${B}\n`, ''],
  ])('puts it into %s', (_, text, others) => {
    expect(withChecksum(text, { fileName: 'kubelet', sha256: A })).toBe(`${others}${A}  kubelet\n`);
  });
});
