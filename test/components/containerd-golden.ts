import { containerd } from '../../src/components/containerd.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import { contextOf, flatcar } from './fixture.js';
import { textAt } from './unit-commands.js';

/** One of each minor that is supported. */
export const CONFIGS = ['1.6.20', '1.7.21', '2.0.5', '2.1.5', '2.2.5', '2.3.0', '2.4.2'];

/** What we write for a containerd. The sandbox image is named, so that no other version of Kubernetes changes it. */
export function containerdToml(version: string): string {
  const kubernetes = VERSION_TABLE.at(-1)?.kubernetes ?? '';
  const spec = (changed: { sandboxImage: string }): void => {
    changed.sandboxImage = 'registry.k8s.io/pause:3.10';
  };
  const context = contextOf('s7', { kubernetes, controlPlanes: 1, traits: flatcar(version), spec });
  return textAt([containerd(context)], '/etc/containerd/config.toml');
}

export function goldenConfig(version: string): URL {
  return new URL(`../golden/containerd/config-${version}.toml`, import.meta.url);
}

/** What the containerd of that version itself said of this configuration, as recorded. */
export function recordedDump(version: '1.6.20' | '2.4.2'): URL {
  return new URL(`../golden/containerd/dump-${version}.toml`, import.meta.url);
}
