import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findImages } from '../../../src/boot/images/find-images.js';
import { bootSettings } from '../../../src/boot/settings.js';
import { temporaryCache, temporaryDirectory } from '../../artifacts/fixtures.js';
import { createMaker, type Maker } from './gpg.js';
import { INITRD, KERNEL } from './upstream.js';

const KERNEL_NAME = 'flatcar_production_pxe.vmlinuz';
const INITRD_NAME = 'flatcar_production_pxe_image.cpio.gz';

describe('a directory with a keyring', () => {
  let maker: Maker;
  beforeAll(() => {
    maker = createMaker('maker@lab');
  });
  afterAll(() => maker?.remove());

  async function findSigned(files: Record<string, Buffer | string>) {
    const keyring = join(temporaryDirectory(), 'keys.asc');
    writeFileSync(keyring, maker.armoured);
    const images = temporaryDirectory();
    const all = { [KERNEL_NAME]: KERNEL, [INITRD_NAME]: INITRD, ...files };
    for (const [name, data] of Object.entries(all)) writeFileSync(join(images, name), data);
    return findImages(bootSettings({ images, keyring }), await temporaryCache(), process.env);
  }
  const signed = () => ({
    [`${KERNEL_NAME}.sig`]: maker.sign(KERNEL),
    [`${INITRD_NAME}.sig`]: maker.sign(INITRD),
  });

  test('the signatures beside the files are checked', async () => {
    expect(await findSigned(signed())).toMatchObject({ trust: 'signature', images: [{ role: 'kernel' }, {}] });
  });

  test('one that is not there is an error, and so is one of another content', async () => {
    const { [`${INITRD_NAME}.sig`]: _gone, ...rest } = signed();
    await expect(findSigned(rest)).rejects.toMatchObject({
      code: 'signature-missing',
      exit: 2,
      message: expect.stringContaining(`${INITRD_NAME}.sig cannot be read (ENOENT)`),
    });
    const wrong = { ...signed(), [`${KERNEL_NAME}.sig`]: maker.sign(INITRD) };
    await expect(findSigned(wrong)).rejects.toMatchObject({
      code: 'signature-invalid',
      message: expect.stringContaining(KERNEL_NAME),
    });
  });
});
