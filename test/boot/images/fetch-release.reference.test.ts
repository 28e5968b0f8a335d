import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobPath, type Cache } from '../../../src/artifacts/cache.js';
import { fetchRelease } from '../../../src/boot/images/fetch-release.js';
import { fetchedReleases } from '../../../src/boot/images/fetched.js';
import { releaseServer } from '../../../src/boot/images/release-server.js';
import { openSignatureChecker } from '../../../src/boot/images/signature.js';
import { bootSettings } from '../../../src/boot/settings.js';
import type { BootSection } from '../../../src/config/boot-schema.js';
import { temporaryCache, temporaryDirectory } from '../../artifacts/fixtures.js';
import { files, serve, testSettings } from '../../artifacts/http-fixtures.js';
import { sha256 } from '../../helpers/release-directory.js';
import { createMaker, type Maker } from './gpg.js';
import { FCOS_VERSION, FLATCAR_VERSION, fcosFiles, flatcarFiles, INITRD, KERNEL, ROOTFS } from './upstream.js';

let maker: Maker;
beforeAll(() => {
  maker = createMaker('maker@lab');
});
afterAll(() => maker?.remove());

type Files = Record<string, Buffer | string>;

/** A mirror's files by path, with signatures of the images. */
function mirrored({ signer = maker.sign, flatcar = flatcarFiles(), fcos = fcosFiles() } = {}): Files {
  const all = {
    ...Object.fromEntries(Object.entries(flatcar).map(([path, data]) => [`/flatcar/stable/${path}`, data])),
    ...Object.fromEntries(Object.entries(fcos).map(([path, data]) => [`/fcos/${path}`, data])),
  };
  const images = Object.entries(all).filter(([path]) => /vmlinuz$|cpio\.gz$|x86_64(\.img)?$/.test(path));
  return { ...all, ...Object.fromEntries(images.map(([path, data]) => [`${path}.sig`, signer(Buffer.from(data))])) };
}

interface Scene {
  boot?: BootSection;
  mirror: string;
  cache: Cache;
  keyring?: Buffer;
}

async function fetch({ boot = {}, mirror, cache, keyring }: Scene) {
  const download = testSettings();
  const path = join(temporaryDirectory(), 'keyring');
  if (keyring) writeFileSync(path, keyring);
  return fetchRelease({
    settings: bootSettings(boot),
    server: releaseServer({ mirror, settings: download }),
    cache,
    download,
    progress: () => {},
    ...(keyring && { signatures: await openSignatureChecker(path, process.env) }),
  });
}

const FLATCAR_IMAGES = [
  { role: 'kernel', file: 'flatcar_production_pxe.vmlinuz', sha256: sha256(KERNEL), size: KERNEL.length },
  { role: 'initrd', file: 'flatcar_production_pxe_image.cpio.gz', sha256: sha256(INITRD), size: INITRD.length },
];

describe('fetching', () => {
  test('Flatcar: the newest of the channel, checked by its SHA-512, signatures too', async () => {
    const { url } = await serve(files(mirrored()));
    const cache = await temporaryCache();
    const release = {
      channel: 'stable',
      version: FLATCAR_VERSION,
      signedBy: maker.fingerprint,
      images: FLATCAR_IMAGES,
    };
    expect(await fetch({ mirror: url, cache, keyring: maker.armoured })).toEqual(release);
    expect(readFileSync(blobPath(cache, sha256(KERNEL))).equals(KERNEL)).toBe(true);
    expect(await fetchedReleases({ cache, os: 'flatcar', arch: 'amd64' })).toEqual([release]);
  });

  test('Fedora CoreOS: kernel, initramfs and rootfs of one build', async () => {
    const { url } = await serve(files(mirrored()));
    const cache = await temporaryCache();
    const { version, signedBy, images } = await fetch({ mirror: url, cache, boot: { os: 'fcos' } });
    expect({ version, signedBy }).toEqual({ version: FCOS_VERSION, signedBy: null });
    expect(images.map(({ role, sha256: hash }) => [role, hash])).toEqual([
      ['kernel', sha256(KERNEL)],
      ['initrd', sha256(INITRD)],
      ['rootfs', sha256(ROOTFS)],
    ]);
  });

  test('what a signature said once of the same files is not forgotten', async () => {
    const { url } = await serve(files(mirrored()));
    const cache = await temporaryCache();
    expect((await fetch({ mirror: url, cache })).signedBy).toBeNull();
    await fetch({ mirror: url, cache, keyring: maker.keys });
    expect((await fetch({ mirror: url, cache })).signedBy).toBe(maker.fingerprint);
  });

  test('again asks for no image twice, but for what tells its version', async () => {
    const { url, requests } = await serve(files(mirrored()));
    const cache = await temporaryCache();
    await fetch({ mirror: url, cache });
    const before = requests.length;
    await fetch({ mirror: url, cache });
    expect(requests.slice(before).map((request) => request.replace(/.*\//, ''))).toEqual([
      'version.txt',
      'flatcar_production_pxe.vmlinuz.DIGESTS',
      'flatcar_production_pxe_image.cpio.gz.DIGESTS',
    ]);
  });
});

describe('what is not taken', () => {
  const wrong = Buffer.from('evil');
  const path = `/flatcar/stable/amd64-usr/${FLATCAR_VERSION}/flatcar_production_pxe.vmlinuz`;

  async function refused(changed: Files, { keyring, boot = {} }: { keyring?: Buffer; boot?: BootSection } = {}) {
    const { url } = await serve(files({ ...mirrored(), ...changed }));
    const cache = await temporaryCache();
    const error = await fetch({ mirror: url, cache, boot, ...(keyring && { keyring }) }).then(
      () => new Error('it is taken'),
      (thrown) => thrown,
    );
    // Nothing half-good may be served later.
    expect(await fetchedReleases({ cache, os: 'flatcar', arch: 'amd64' })).toEqual([]);
    return error;
  }

  test('an image that is not what its checksum says', async () => {
    expect(await refused({ [path]: wrong })).toMatchObject({
      code: 'artifact-corrupt',
      message: expect.stringContaining('expected SHA-512'),
    });
  });

  test('an image whose signature is of another key', async () => {
    const stranger = createMaker('stranger@lab');
    try {
      expect(await refused(mirrored({ signer: stranger.sign }), { keyring: maker.keys })).toMatchObject({
        code: 'signature-invalid',
      });
    } finally {
      stranger.remove();
    }
  });

  test('an image without a signature, where one is asked for', async () => {
    const { [`${path}.sig`]: _gone, ...rest } = mirrored();
    const { url } = await serve(files(rest));
    const cache = await temporaryCache();
    await expect(fetch({ mirror: url, cache, keyring: maker.keys })).rejects.toMatchObject({
      code: 'os-release-missing',
      message: expect.stringContaining('vmlinuz.sig is not there'),
    });
  });

  test('a version that is not there', async () => {
    expect(await refused({}, { boot: { version: '1.2.3' } })).toMatchObject({ code: 'os-release-missing', exit: 2 });
  });

  test('systems that cannot be downloaded', async () => {
    expect(await refused({}, { boot: { os: 'generic', kernel: '/k', initrd: '/i' } })).toMatchObject({
      code: 'os-not-downloadable',
      exit: 2,
      hint: expect.stringContaining('--kernel FILE'),
    });
  });
});
