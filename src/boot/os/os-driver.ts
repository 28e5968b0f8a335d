import type { Arch } from '../../artifacts/catalogue.js';
import type { OsName } from '../../config/boot-schema.js';
import type { ImageRole } from '../images/image-set.js';
import type { ReleaseFinder } from '../images/os-release.js';

/** One file a machine fetches to get this operating system. */
export interface OsImage {
  role: ImageRole;
  /** What it is called below `images/` in the URLs machines fetch; without a version, which is the server's matter. */
  name: string;
  /** Upstream's file name, with the group `version` where the name tells it. */
  upstream: (arch: Arch) => RegExp;
}

export interface KernelArgumentsInput {
  ignitionUrl: string;
  imageUrl: (role: ImageRole) => string;
  /** As tmpfs(5) takes it. */
  rootSize: string;
}

/** Everything k8s-diskless knows of an operating system that runs from RAM. */
export interface OsDriver {
  name: OsName;
  title: string;
  /** Upstream's channels, the default first; empty when nothing can be downloaded. */
  channels: readonly string[];
  /** In the order in which a machine asks for them. */
  images: readonly OsImage[];
  kernelArguments: (input: KernelArgumentsInput) => string[];
  /** The root file system is a tmpfs whose size the kernel command line sets. */
  sizedRoot: boolean;
  units: {
    /** Would change the system under its pods, or reboot it. */
    masked: readonly string[];
    enabled: readonly string[];
  };
  /** The file that names its time servers. */
  timeServers?: (servers: readonly string[]) => { path: string; text: string };
  /** How releases are found; absent when nothing can be downloaded. */
  findRelease?: ReleaseFinder;
}

/** A file name as it is, for `upstream`. */
export function exactly(name: string): RegExp {
  return new RegExp(`^${name.replaceAll('.', '\\.')}$`);
}
