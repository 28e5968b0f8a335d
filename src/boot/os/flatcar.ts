import { findFlatcarRelease } from '../images/flatcar-release.js';
import { exactly, type OsDriver } from './os-driver.js';
import { timesyncdServers } from './time-servers.js';

/**
 * https://www.flatcar.org/docs/latest/installing/bare-metal/booting-with-pxe/ and flatcar/bootengine's
 * diskless-generator: without root= the root is a tmpfs, and rootflags= are its mount options.
 */
export const flatcar: OsDriver = {
  name: 'flatcar',
  title: 'Flatcar Container Linux',
  channels: ['stable', 'beta', 'alpha', 'lts'],
  images: [
    { role: 'kernel', name: 'flatcar/vmlinuz', upstream: () => exactly('flatcar_production_pxe.vmlinuz') },
    { role: 'initrd', name: 'flatcar/initrd.cpio.gz', upstream: () => exactly('flatcar_production_pxe_image.cpio.gz') },
  ],
  kernelArguments: ({ ignitionUrl, rootSize }) => [
    'flatcar.first_boot=1',
    `ignition.config.url=${ignitionUrl}`,
    `rootflags=size=${rootSize}`,
  ],
  sizedRoot: true,
  units: {
    masked: ['update-engine.service', 'locksmithd.service'],
    enabled: ['systemd-timesyncd.service'],
  },
  timeServers: timesyncdServers,
  findRelease: findFlatcarRelease,
};
