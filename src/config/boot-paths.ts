import type { BootSection } from './boot-schema.js';

const PATHS = ['images', 'keyring', 'kernel', 'initrd', 'ignition'] as const;

/** The same section with its paths, and those among its keys, made absolute. */
export function bootWithAbsolutePaths(boot: BootSection, absolute: (path: string) => string): BootSection {
  const changed: BootSection = { ...boot };
  for (const name of PATHS) {
    const path = boot[name];
    if (path !== undefined) changed[name] = absolute(path);
  }
  if (boot.sshKeys) changed.sshKeys = boot.sshKeys.map((key) => (isKeyPath(key) ? absolute(key) : key));
  return changed;
}

/** A key has white space between its type and its base64; a path that has some too is not worth the doubt. */
export function isKeyPath(text: string): boolean {
  return !/\s/.test(text);
}
