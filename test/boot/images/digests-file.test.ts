import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha512InDigests } from '../../../src/boot/images/digests-file.js';

const NAME = 'flatcar_production_pxe.vmlinuz';
const sha512 = createHash('sha512').update('kernel').digest('hex');
const text = ['md5', 'sha1', 'sha512']
  .map((type) => `# ${type.toUpperCase()} HASH\n${createHash(type).update('kernel').digest('hex')}  ${NAME}\n`)
  .join('');

describe('a DIGESTS file', () => {
  test('tells the SHA-512 of its file', () => {
    expect(sha512InDigests(text, NAME)).toBe(sha512);
    expect(sha512InDigests(text.toUpperCase().replaceAll(NAME.toUpperCase(), `*./x/${NAME}`), NAME)).toBe(sha512);
    const signed = `-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n${text.replaceAll('\n', '\r\n')}`;
    expect(sha512InDigests(signed, NAME)).toBe(sha512);
  });

  test('as sha512sum writes it', () => {
    const line = execFileSync('sha512sum', ['-'], { input: 'kernel', encoding: 'utf8' }).replace('-', NAME);
    expect(sha512InDigests(line, NAME)).toBe(sha512);
  });

  test('says nothing of other files, nor by other sums', () => {
    expect(sha512InDigests(text, 'other')).toBeUndefined();
    expect(sha512InDigests(text.replace(sha512, ''), NAME)).toBeUndefined();
    expect(sha512InDigests('<html>', NAME)).toBeUndefined();
  });
});
