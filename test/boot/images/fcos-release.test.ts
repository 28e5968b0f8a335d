import { describe, expect, test } from 'vitest';
import { findFcosRelease } from '../../../src/boot/images/fcos-release.js';
import { below, FCOS_VERSION, fcosFiles, textServer } from './upstream.js';

const BASE = 'https://builds.coreos.fedoraproject.org/';
const query = { channel: 'stable', arch: 'amd64' } as const;
const STREAM = `${BASE}streams/stable.json`;

describe('a release of Fedora CoreOS', () => {
  test('is the one its stream is at', async () => {
    const server = textServer(below(BASE, fcosFiles()));
    const { version, images } = await findFcosRelease({ ...query, server });
    expect(version).toBe(FCOS_VERSION);
    expect(server.asked).toEqual([STREAM]);
    expect(images.map(({ role, url }) => [role, url.replace(/.*-live-/, '')])).toEqual([
      ['kernel', 'kernel.x86_64'],
      ['initrd', 'initramfs.x86_64.img'],
      ['rootfs', 'rootfs.x86_64.img'],
    ]);
    expect(images.every(({ url, signature }) => signature === `${url}.sig`)).toBe(true);
  });

  test('or an older one, which has metadata of its own', async () => {
    const server = textServer(below(BASE, fcosFiles('43.20260101.3.0')));
    const { version } = await findFcosRelease({ ...query, version: '43.20260101.3.0', server });
    expect(version).toBe('43.20260101.3.0');
    expect(server.asked).toEqual([`${BASE}prod/streams/stable/builds/43.20260101.3.0/release.json`]);
  });

  const text = below(BASE, fcosFiles())[STREAM] ?? '';
  test.each([
    ['no JSON', '<html>'],
    ['something else', '{"architectures": []}'],
    ['another architecture', text.replaceAll('"x86_64":', '"s390x":')],
    ['a damaged checksum', text.replace(/"sha256":"..../, '"sha256":"')],
    ['a release that is a path', text.replace(`"release":"${FCOS_VERSION}"`, '"release":"../../../../.docker/config"')],
    ['files that lie elsewhere', text.replace('"location":"https://builds.coreos', '"location":"https://evil.coreos')],
  ])('%s is told', async (_title, wrong) => {
    const server = textServer({ [STREAM]: wrong });
    await expect(findFcosRelease({ ...query, server })).rejects.toMatchObject({ code: 'os-release-unreadable' });
  });

  test.each([
    ['another release than the one asked for', '43.20260101.3.1'],
    ['a path in place of the release', '../../../../.docker/config'],
  ])('%s is told', async (_title, release) => {
    const version = '43.20260101.3.0';
    const url = `${BASE}prod/streams/stable/builds/${version}/release.json`;
    const right = below(BASE, fcosFiles(version))[url] ?? '';
    const server = textServer({ [url]: right.replace(`"release":"${version}"`, `"release":"${release}"`) });
    await expect(findFcosRelease({ ...query, version, server })).rejects.toMatchObject({
      code: 'os-release-unreadable',
      message: expect.stringContaining('release'),
    });
  });
});
