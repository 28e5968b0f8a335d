export type ImageRole = 'kernel' | 'initrd' | 'rootfs';

/** How sure one can be that images are what their makers made. */
export type Trust =
  /** Signed by a key of the keyring. */
  | 'signature'
  /** As its checksum says, which came from the same place. */
  | 'checksum'
  /** Nothing lay beside it that could tell. */
  | 'unchecked';

export interface BootImage {
  role: ImageRole;
  /** What it is called below `images/` in URLs. */
  name: string;
  path: string;
  size: number;
  /** Where the content is known by its hash. */
  sha256?: string;
}

/** The files one operating system boots from, on this machine. */
export interface ImageSet {
  /** For people, e.g. `Flatcar Container Linux 4593.2.5`. */
  title: string;
  trust: Trust;
  images: BootImage[];
}
