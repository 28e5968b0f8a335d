import { readFileSync } from 'node:fs';
import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import { textFile } from './systemd.js';

/** Our scripts for nodes, shipped as they are; read once, when the program starts. */
const SCRIPTS = {
  'k8s-diskless-node': read('k8s-diskless-node'),
  'k8s-diskless-api': read('k8s-diskless-api'),
  'k8s-diskless-containerd': read('k8s-diskless-containerd'),
} as const;

export function nodeScript(name: keyof typeof SCRIPTS): DesiredFile {
  return textFile(`${PATHS.bin}/${name}`, SCRIPTS[name], 0o755);
}

/** The way is the same from src/components and from dist/components. */
function read(name: string): string {
  return readFileSync(new URL(`../../manifests/node/${name}.bash`, import.meta.url), 'utf8');
}
