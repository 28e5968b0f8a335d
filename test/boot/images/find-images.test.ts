import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blobPath, type Cache } from '../../../src/artifacts/cache.js';
import { fetchedReleases, recordFetched } from '../../../src/boot/images/fetched.js';
import { findImages } from '../../../src/boot/images/find-images.js';
import { bootSettings } from '../../../src/boot/settings.js';
import type { BootSection } from '../../../src/config/boot-schema.js';
import { temporaryCache, temporaryDirectory } from '../../artifacts/fixtures.js';
import { sha256 } from '../../helpers/release-directory.js';
import { digestsOf, FCOS_VERSION, FLATCAR_VERSION, INITRD, KERNEL, ROOTFS } from './upstream.js';

const find = (boot: BootSection, cache: Cache) => findImages(bootSettings(boot), cache, process.env);

/** As `boot fetch` leaves it. */
async function fetched(cache: Cache, version: string, given: { channel?: string; signedBy?: string } = {}) {
  const { channel = 'stable', signedBy = null } = given;
  for (const data of [KERNEL, INITRD]) writeFileSync(blobPath(cache, sha256(data)), data);
  const images = [
    { role: 'kernel' as const, file: 'k', sha256: sha256(KERNEL), size: KERNEL.length },
    { role: 'initrd' as const, file: 'i', sha256: sha256(INITRD), size: INITRD.length },
  ];
  await recordFetched({ cache, os: 'flatcar', arch: 'amd64' }, { channel, version, signedBy, images });
}

describe('what boot fetch brought', () => {
  test('the newest of the channel, by its numbers', async () => {
    const cache = await temporaryCache();
    for (const version of ['4081.3.9', '4081.3.10', '3510.3.8']) await fetched(cache, version);
    await fetched(cache, '4757.1.0', { channel: 'beta', signedBy: 'F88C' });
    expect(await find({}, cache)).toMatchObject({
      title: 'Flatcar Container Linux 4081.3.10',
      trust: 'checksum',
      images: [
        { role: 'kernel', name: 'flatcar/vmlinuz', path: blobPath(cache, sha256(KERNEL)), size: KERNEL.length },
        { role: 'initrd', name: 'flatcar/initrd.cpio.gz', sha256: sha256(INITRD) },
      ],
    });
    expect(await find({ channel: 'beta' }, cache)).toMatchObject({ trust: 'signature' });
    expect(await find({ version: '3510.3.8' }, cache)).toMatchObject({ title: 'Flatcar Container Linux 3510.3.8' });
  });

  test('nothing: how to get it', async () => {
    const cache = await temporaryCache();
    await expect(find({ os: 'fcos', channel: 'next' }, cache)).rejects.toMatchObject({
      code: 'boot-images-missing',
      exit: 2,
      hint: expect.stringContaining('boot fetch --os fcos --channel next'),
    });
    await fetched(cache, '4081.3.9');
    await expect(find({ version: '4081.3.10' }, cache)).rejects.toMatchObject({
      detail: 'fetched are:\n4081.3.9 (stable)',
      hint: expect.stringContaining('--os-version 4081.3.10'),
    });
    await expect(find({ os: 'generic' }, cache)).rejects.toMatchObject({
      hint: 'name a directory that holds its files: --os-images DIR',
    });
  });

  test('a blob that is gone, or damaged, is told', async () => {
    const cache = await temporaryCache();
    await fetched(cache, FLATCAR_VERSION);
    writeFileSync(blobPath(cache, sha256(INITRD)), 'damaged');
    const missing = { code: 'boot-image-missing', exit: 2, message: expect.stringContaining('the initrd of') };
    await expect(find({}, cache)).rejects.toMatchObject(missing);
    rmSync(blobPath(cache, sha256(INITRD)), { force: true });
    await expect(find({}, cache)).rejects.toMatchObject(missing);
  });

  test('a record that cannot be read is as good as none', async () => {
    const cache = await temporaryCache();
    await fetched(cache, FLATCAR_VERSION);
    writeFileSync(join(cache.root, 'os-images/flatcar/amd64/9999.0.0.json'), '{"version": "9999.0.0"');
    const shelf = { cache, os: 'flatcar', arch: 'amd64' } as const;
    expect((await fetchedReleases(shelf)).map(({ version }) => version)).toEqual([FLATCAR_VERSION]);
  });
});

describe('a directory is enough', () => {
  const KERNEL_NAME = 'flatcar_production_pxe.vmlinuz';
  const INITRD_NAME = 'flatcar_production_pxe_image.cpio.gz';

  function directoryWith(files: Record<string, Buffer | string>): string {
    const directory = temporaryDirectory();
    for (const [name, data] of Object.entries(files)) writeFileSync(join(directory, name), data);
    return directory;
  }
  const flatcar = { [KERNEL_NAME]: KERNEL, [INITRD_NAME]: INITRD };

  test('a copy of the version directory, with its checksums', async () => {
    const images = directoryWith({
      ...flatcar,
      'version.txt': `FLATCAR_VERSION=${FLATCAR_VERSION}\n`,
      [`${KERNEL_NAME}.DIGESTS`]: digestsOf(KERNEL_NAME, KERNEL),
      [`${INITRD_NAME}.DIGESTS`]: digestsOf(INITRD_NAME, INITRD),
    });
    expect(await find({ images }, await temporaryCache())).toEqual({
      title: `Flatcar Container Linux ${FLATCAR_VERSION}`,
      trust: 'checksum',
      images: [
        { role: 'kernel', name: 'flatcar/vmlinuz', path: join(images, KERNEL_NAME), size: KERNEL.length },
        { role: 'initrd', name: 'flatcar/initrd.cpio.gz', path: join(images, INITRD_NAME), size: INITRD.length },
      ],
    });
  });

  test('or the files alone, which is said', async () => {
    const images = directoryWith({ ...flatcar, SHA256SUMS: `${sha256(KERNEL)}  ${KERNEL_NAME}\n` });
    expect(await find({ images }, await temporaryCache())).toMatchObject({
      title: 'Flatcar Container Linux',
      trust: 'unchecked',
    });
  });

  test('of Fedora CoreOS the newest version there, all of it', async () => {
    const file = (version: string, kind: string): string => `fedora-coreos-${version}-live-${kind}`;
    const images = directoryWith({
      [file(FCOS_VERSION, 'kernel.x86_64')]: KERNEL,
      [file(FCOS_VERSION, 'initramfs.x86_64.img')]: INITRD,
      [file(FCOS_VERSION, 'rootfs.x86_64.img')]: ROOTFS,
      [file('41.20250101.3.0', 'kernel-x86_64')]: KERNEL,
      [file('41.20250101.3.0', 'initramfs.x86_64.img')]: INITRD,
      [file('41.20250101.3.0', 'rootfs.x86_64.img')]: ROOTFS,
      [file('99.20250101.3.0', 'rootfs.aarch64.img')]: ROOTFS,
    });
    const cache = await temporaryCache();
    const newest = await find({ os: 'fcos', images }, cache);
    expect(newest.title).toBe(`Fedora CoreOS ${FCOS_VERSION}`);
    expect(newest.images.map(({ path }) => path.includes(FCOS_VERSION))).toEqual([true, true, true]);
    const older = await find({ os: 'fcos', images, version: '41.20250101.3.0' }, cache);
    expect(older.images[0]?.path).toBe(join(images, file('41.20250101.3.0', 'kernel-x86_64')));
    await expect(find({ os: 'fcos', images, version: '40.20250101.3.0' }, cache)).rejects.toMatchObject({
      detail: expect.stringContaining('fedora-coreos-40.20250101.3.0-live-kernel'),
    });
  });

  test.each([
    ['no kernel', { [INITRD_NAME]: INITRD }, 'boot-image-missing', 'the kernel is not in'],
    [
      'a damaged file',
      { ...flatcar, [`${KERNEL_NAME}.DIGESTS`]: digestsOf(KERNEL_NAME, INITRD) },
      'artifact-corrupt',
      'is damaged',
    ],
    ['another version', { ...flatcar, 'version.txt': 'FLATCAR_VERSION=1.2.3\n' }, 'boot-image-missing', 'holds'],
  ])('%s is told', async (_title, files, code, message) => {
    const images = directoryWith(files);
    const version = FLATCAR_VERSION;
    await expect(find({ images, version }, await temporaryCache())).rejects.toMatchObject({
      code,
      exit: 2,
      message: expect.stringContaining(message),
    });
  });

  test('a directory in place of a file is no image, and no directory is none', async () => {
    const images = directoryWith({ [INITRD_NAME]: INITRD });
    mkdirSync(join(images, KERNEL_NAME));
    const cache = await temporaryCache();
    await expect(find({ images }, cache)).rejects.toMatchObject({ code: 'boot-image-missing' });
    await expect(find({ images: join(images, 'none') }, cache)).rejects.toMatchObject({
      code: 'boot-images-unreadable',
    });
  });
});

test('a kernel and an initrd by name', async () => {
  const directory = temporaryDirectory();
  const [kernel, initrd] = [join(directory, 'k'), join(directory, 'i')];
  writeFileSync(kernel, KERNEL);
  const cache = await temporaryCache();
  await expect(find({ os: 'generic', kernel, initrd }, cache)).rejects.toMatchObject({
    code: 'boot-image-missing',
    message: `the initrd ${initrd} is not there`,
    hint: expect.stringContaining('--initrd'),
  });
  writeFileSync(initrd, INITRD);
  expect(await find({ os: 'generic', kernel, initrd }, cache)).toMatchObject({
    trust: 'unchecked',
    images: [
      { role: 'kernel', name: 'generic/kernel', path: kernel },
      { role: 'initrd', name: 'generic/initrd', path: initrd },
    ],
  });
});
