import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import { scriptText } from '../node/script-text.js';
import { textFile } from './systemd.js';

/** Our scripts for nodes, shipped as they are; read once, when the program starts. */
const SCRIPTS = {
  'k8s-diskless-node': scriptText('k8s-diskless-node.bash'),
  'k8s-diskless-api': scriptText('k8s-diskless-api.bash'),
  'k8s-diskless-containerd': scriptText('k8s-diskless-containerd.bash'),
} as const;

export function nodeScript(name: keyof typeof SCRIPTS): DesiredFile {
  return textFile(`${PATHS.bin}/${name}`, SCRIPTS[name], 0o755);
}
