import { createHash } from 'node:crypto';
import type { ReleaseServer } from '../../../src/boot/images/os-release.js';

/* Small stand-ins for what release servers hold, in their own layout. */

export const FLATCAR_VERSION = '4593.2.5';
export const KERNEL = Buffer.from('a kernel\n'.repeat(1000));
export const INITRD = Buffer.from('an initrd\n'.repeat(2000));
export const ROOTFS = Buffer.from('a root\n'.repeat(3000));

const hash = (algorithm: string, data: Buffer): string => createHash(algorithm).update(data).digest('hex');

export function digestsOf(name: string, data: Buffer): string {
  const types = ['md5', 'sha1', 'sha512'];
  return types.map((type) => `# ${type.toUpperCase()} HASH\n${hash(type, data)}  ${name}\n`).join('');
}

/** Paths below https://stable.release.flatcar-linux.net/. */
export function flatcarFiles(version = FLATCAR_VERSION): Record<string, Buffer | string> {
  const images = { 'flatcar_production_pxe.vmlinuz': KERNEL, 'flatcar_production_pxe_image.cpio.gz': INITRD };
  const directory = `amd64-usr/${version}`;
  return {
    'amd64-usr/current/version.txt': `FLATCAR_BUILD=4593\nFLATCAR_VERSION=${version}\nFLATCAR_SDK_VERSION=${version}\n`,
    ...Object.fromEntries(Object.entries(images).map(([name, data]) => [`${directory}/${name}`, data])),
    ...Object.fromEntries(
      Object.entries(images).map(([name, data]) => [`${directory}/${name}.DIGESTS`, digestsOf(name, data)]),
    ),
  };
}

const FCOS = 'https://builds.coreos.fedoraproject.org';
export const FCOS_VERSION = '44.20260802.3.1';

/** Paths below https://builds.coreos.fedoraproject.org/. */
export function fcosFiles(version = FCOS_VERSION): Record<string, Buffer | string> {
  const directory = `prod/streams/stable/builds/${version}/x86_64`;
  const name = (kind: string, suffix: string): string => `fedora-coreos-${version}-live-${kind}.x86_64${suffix}`;
  const images = { kernel: KERNEL, initramfs: INITRD, rootfs: ROOTFS };
  const names = {
    kernel: name('kernel', ''),
    initramfs: name('initramfs', '.img'),
    rootfs: name('rootfs', '.img'),
  };
  const roles = Object.keys(images) as (keyof typeof images)[];
  const pxe = Object.fromEntries(
    roles.map((role) => {
      const location = `${FCOS}/${directory}/${names[role]}`;
      return [role, { location, signature: `${location}.sig`, sha256: hash('sha256', images[role]) }];
    }),
  );
  const metal = { release: version, formats: { pxe, iso: { disk: {} } } };
  const stream = { stream: 'stable', architectures: { x86_64: { artifacts: { metal, qemu: {} }, images: {} } } };
  const release = { release: version, architectures: { x86_64: { media: { metal: { artifacts: { pxe } } } } } };
  return {
    'streams/stable.json': JSON.stringify(stream),
    [`prod/streams/stable/builds/${version}/release.json`]: JSON.stringify(release),
    ...Object.fromEntries(roles.map((role) => [`${directory}/${names[role]}`, images[role]])),
  };
}

/** A release server that knows these texts, by upstream's URL, and says what it was asked for. */
export function textServer(texts: Record<string, string>): ReleaseServer & { asked: string[] } {
  const asked: string[] = [];
  return {
    title: 'the test',
    asked,
    locate: (upstream) => new URL(upstream),
    async text(upstream) {
      asked.push(upstream);
      const text = texts[upstream];
      if (text === undefined) throw new Error(`${upstream} is not there`);
      return text;
    },
  };
}

export function below(base: string, files: Record<string, Buffer | string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, data]) => [`${base}${path}`, data.toString()]));
}
