import { exactly, type OsDriver } from './os-driver.js';

/** Any kernel and initrd; the arguments are those Ignition's own dracut module reads. */
export const generic: OsDriver = {
  name: 'generic',
  title: 'the kernel and initrd given',
  channels: [],
  images: [
    { role: 'kernel', name: 'generic/kernel', upstream: () => exactly('vmlinuz') },
    { role: 'initrd', name: 'generic/initrd', upstream: () => exactly('initrd.img') },
  ],
  kernelArguments: ({ ignitionUrl }) => [
    'ignition.firstboot',
    'ignition.platform.id=metal',
    `ignition.config.url=${ignitionUrl}`,
  ],
  sizedRoot: false,
  units: { masked: [], enabled: [] },
};
