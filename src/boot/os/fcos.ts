import type { Arch } from '../../artifacts/catalogue.js';
import { findFcosRelease, RPM_ARCH } from '../images/fcos-release.js';
import type { OsDriver } from './os-driver.js';
import { chronyServers } from './time-servers.js';

/** The kernel was named `…-live-kernel-x86_64` before Fedora CoreOS 42. */
const liveImage = (kind: string, suffix: string) => (arch: Arch) =>
  new RegExp(`^fedora-coreos-(?<version>[0-9.]+)-live-${kind}[.-]${RPM_ARCH[arch]}${suffix}$`);

/** https://docs.fedoraproject.org/en-US/fedora-coreos/live-booting/ and live-reference/ */
export const fcos: OsDriver = {
  name: 'fcos',
  title: 'Fedora CoreOS',
  channels: ['stable', 'testing', 'next'],
  images: [
    { role: 'kernel', name: 'fcos/vmlinuz', upstream: liveImage('kernel', '') },
    { role: 'initrd', name: 'fcos/initramfs.img', upstream: liveImage('initramfs', '\\.img') },
    { role: 'rootfs', name: 'fcos/rootfs.img', upstream: liveImage('rootfs', '\\.img') },
  ],
  kernelArguments: ({ ignitionUrl, imageUrl }) => [
    `coreos.live.rootfs_url=${imageUrl('rootfs')}`,
    'ignition.firstboot',
    'ignition.platform.id=metal',
    `ignition.config.url=${ignitionUrl}`,
  ],
  // /etc and /var are a file system on half of the RAM, whatever the command line says.
  sizedRoot: false,
  units: {
    // Docker would be a second containerd beside the one Kubernetes uses.
    masked: ['zincati.service', 'docker.service', 'docker.socket'],
    enabled: ['containerd.service', 'chronyd.service'],
  },
  timeServers: chronyServers,
  findRelease: findFcosRelease,
};
