import { join } from 'node:path';
import { DisklessError } from '../../src/errors.js';

/** Directories of the products, and of Kubernetes' sources, that the files of the images come from. */
export interface ImageSources {
  tests: string;
  etcd: string;
  coredns: string;
  sources: string;
}

/** Files put above the layer of Debian packages. */
export interface TopLayer {
  /** Path in the image → path here. */
  files: Readonly<Record<string, string>>;
  /** Path in the image → what the link says. */
  links?: Readonly<Record<string, string>>;
  /** Whoever runs its programs has the rights of their owner, root. */
  setUid?: true;
}

export interface ImageDefinition {
  layers: readonly TopLayer[];
  entrypoint?: readonly string[];
  command?: readonly string[];
  user?: string;
}

const DATA = join(import.meta.dirname, '../images/conformance');

/**
 * Tests know the shell at `/bin/sh` by what it says; but Debian's build of it hands on no variables such as `a-b`, for
 * which tests ask the one that is found by its name alone.
 */
const BUSYBOX_SHELLS: TopLayer = { files: {}, links: { 'usr/bin/sh': 'busybox', 'usr/local/bin/sh': '/usr/bin/bash' } };

/** Images that the lab makes in the place of upstream's, by the ID that Kubernetes' tests know them by. */
export function definitions({ tests, etcd, coredns, sources }: ImageSources): Record<string, ImageDefinition> {
  const of = (path: string) => join(sources, 'test/images', path);
  const agnhost: ImageDefinition = {
    layers: [
      {
        files: {
          agnhost: join(tests, 'agnhost'),
          coredns: join(coredns, 'coredns'),
          'localhost.crt': of('agnhost/porter/localhost.crt'),
          'localhost.key': of('agnhost/porter/localhost.key'),
        },
        links: { 'agnhost-2': 'agnhost' },
      },
    ],
    entrypoint: ['/agnhost'],
    command: ['pause'],
  };
  const webPage = (name: string): ImageDefinition => ({
    ...agnhost,
    layers: [
      ...agnhost.layers,
      {
        files: {
          [`${name}.jpg`]: of(`${name}/html/${name}.jpg`),
          'data.json': of(`${name}/html/data.json`),
          // A test that mounts such an image reads in it what its system is.
          'usr/lib/os-release': join(DATA, 'os-release'),
        },
      },
    ],
    command: ['test-webserver'],
  });
  const nginx: ImageDefinition = {
    layers: [{ files: { 'etc/nginx/nginx.conf': join(DATA, 'nginx.conf') } }],
    command: ['nginx', '-g', 'daemon off;'],
  };
  const program = (path: string, file: string): TopLayer => ({ files: { [path]: file } });
  return {
    Agnhost: agnhost,
    AgnhostPrev: agnhost,
    APIServer: {
      layers: [program('sample-apiserver', join(tests, 'sample-apiserver'))],
      entrypoint: ['/sample-apiserver'],
    },
    BusyBox: { layers: [BUSYBOX_SHELLS], command: ['sh'] },
    // The command of the server's module is called `server`.
    Etcd: { layers: [program('usr/local/bin/etcd', join(etcd, 'server'))] },
    GlibcDnsTesting: { layers: [], command: ['bash'] },
    IpcUtils: { layers: [], command: ['sh'] },
    Kitten: webPage('kitten'),
    Nautilus: webPage('nautilus'),
    Nginx: nginx,
    NginxNew: nginx,
    Nonewprivs: {
      layers: [{ ...program('usr/local/bin/nnp', join(tests, 'nonewprivs')), setUid: true }],
      command: ['nnp'],
    },
    NonRoot: { layers: [], command: ['sh'], user: '1234' },
    Perl: { layers: [], command: ['perl'] },
  };
}

/** Images that it does not make, and why. */
export const NOT_MADE: Readonly<Record<string, string>> = {
  AgnhostPrivate: 'its registry wants credentials, and only tests for certain clouds ask for it',
  InvalidRegistryImage: 'that it cannot be had is what is tested',
  Pause: 'all workloads of the lab have it',
  ...Object.fromEntries(
    [
      ...['AppArmorLoader', 'DistrolessIptables', 'NFSProvisioner', 'NodePerfNpbEp', 'NodePerfNpbIs'],
      ...['NodePerfPytorchWideDeep', 'RegressionIssue74839', 'ResourceConsumer', 'SampleDevicePlugin'],
      ...['VolumeISCSIServer', 'VolumeNFSServer'],
    ].map((id) => [id, 'no conformance test asks for it']),
  ),
};

/** Where an image of these tests is needed that nobody has thought of yet, a person has to. */
export function checkDefined(asked: Iterable<string>, defined: Readonly<Record<string, unknown>>): void {
  const unknown = [...asked].filter((id) => !Object.hasOwn(defined, id) && !Object.hasOwn(NOT_MADE, id));
  if (unknown.length === 0) return;
  throw new DisklessError({
    code: 'lab-image-undefined',
    message: `Kubernetes' tests ask for images that the lab has no definition of: ${unknown.join(', ')}`,
    hint: 'define them in lab/build/conformance-images.ts, or say there why they are not needed',
  });
}
