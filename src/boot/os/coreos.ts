import { flatcar } from './flatcar.js';
import { exactly, type OsDriver } from './os-driver.js';

/**
 * CoreOS Container Linux, which Flatcar goes on from. Its release servers are gone since 2020: the images lie in a
 * directory.
 */
export const coreos: OsDriver = {
  ...flatcar,
  name: 'coreos',
  title: 'CoreOS Container Linux',
  channels: [],
  images: [
    { role: 'kernel', name: 'coreos/vmlinuz', upstream: () => exactly('coreos_production_pxe.vmlinuz') },
    { role: 'initrd', name: 'coreos/initrd.cpio.gz', upstream: () => exactly('coreos_production_pxe_image.cpio.gz') },
  ],
  kernelArguments: ({ ignitionUrl, rootSize }) => [
    'coreos.first_boot=1',
    `coreos.config.url=${ignitionUrl}`,
    `rootflags=size=${rootSize}`,
  ],
  ignition: ['2.2.0'],
  findRelease: undefined,
};
