import { describe, expect, test } from 'vitest';
import { findFlatcarRelease, flatcarVersion } from '../../../src/boot/images/flatcar-release.js';
import { below, FLATCAR_VERSION, flatcarFiles, textServer } from './upstream.js';

const BASE = 'https://stable.release.flatcar-linux.net/';
const query = { channel: 'stable', arch: 'amd64' } as const;

describe('a release of Flatcar', () => {
  test('is the current one of its channel', async () => {
    const server = textServer(below(BASE, flatcarFiles()));
    const { version, images } = await findFlatcarRelease({ ...query, server });
    expect(version).toBe(FLATCAR_VERSION);
    expect(images.map(({ role, url, signature }) => [role, url, signature])).toEqual([
      [
        'kernel',
        `${BASE}amd64-usr/${FLATCAR_VERSION}/flatcar_production_pxe.vmlinuz`,
        `${BASE}amd64-usr/${FLATCAR_VERSION}/flatcar_production_pxe.vmlinuz.sig`,
      ],
      [
        'initrd',
        `${BASE}amd64-usr/${FLATCAR_VERSION}/flatcar_production_pxe_image.cpio.gz`,
        `${BASE}amd64-usr/${FLATCAR_VERSION}/flatcar_production_pxe_image.cpio.gz.sig`,
      ],
    ]);
    expect(images.every(({ digest }) => digest.algorithm === 'sha512' && digest.hex.length === 128)).toBe(true);
  });

  test('or the one named, without asking for the current one', async () => {
    const server = textServer(below(BASE, flatcarFiles('4081.3.10')));
    const { version } = await findFlatcarRelease({ ...query, version: '4081.3.10', server });
    expect(version).toBe('4081.3.10');
    expect(server.asked.filter((url) => url.endsWith('version.txt'))).toEqual([]);
  });

  test.each([
    ['a login page in place of version.txt', { [`${BASE}amd64-usr/current/version.txt`]: '<html>' }],
    [
      'DIGESTS of something else',
      { [`${BASE}amd64-usr/${FLATCAR_VERSION}/flatcar_production_pxe.vmlinuz.DIGESTS`]: '# SHA512 HASH\n' },
    ],
  ])('%s is told', async (_title, wrong) => {
    const server = textServer({ ...below(BASE, flatcarFiles()), ...wrong });
    await expect(findFlatcarRelease({ ...query, server })).rejects.toMatchObject({ code: 'os-release-unreadable' });
  });
});

test.each([
  ['FLATCAR_VERSION=4593.2.5\n', '4593.2.5'],
  ['COREOS_VERSION=2512.3.0\n', '2512.3.0'],
  ['FLATCAR_VERSION_ID=1.2.3\n', undefined],
  ['FLATCAR_VERSION=../../etc\n', undefined],
])('version.txt %j', (text, version) => {
  expect(flatcarVersion(text)).toBe(version);
});
