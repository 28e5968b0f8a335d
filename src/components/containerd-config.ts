import { PATHS } from '../node/paths.js';
import type { ComponentContext } from './context.js';
import { cniConfDirectory } from './pod-network.js';

/**
 * config.toml in the format that this containerd reads as it is: version 2 before containerd 2.0, version 3 from there
 * on, version 4 from 2.3 on. What it would have to convert first it converts at every start, with a warning, and not all
 * of it in later minors (`bin_dir` is gone in 2.4).
 */
export function containerdConfig(context: ComponentContext): string {
  const [major = 0, minor = 0] = context.traits.containerdVersion.split('.').map(Number);
  const since = (first: number): boolean => major > 2 || (major === 2 && minor >= first);
  const sections = since(0)
    ? version3(context, { version: since(3) ? 4 : 3, hasBinDirs: since(1) })
    : version2(context);
  return `${sections.map(([table, settings]) => render(table, settings)).join('\n')}`;
}

type Setting = string | number | boolean | readonly string[];
type Section = [table: string, settings: Record<string, Setting>];

function version2(context: ComponentContext): Section[] {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return [
    ['', { version: 2, ...oomScore(context) }],
    [cri, { sandbox_image: context.spec.sandboxImage, ...isolation(context) }],
    [`${cri}.cni`, { bin_dir: PATHS.cniBin, conf_dir: cniConfDirectory(context.spec.network) }],
    [`${cri}.containerd`, { default_runtime_name: 'runc', ...lessMemory() }],
    ...runc(`${cri}.containerd`, context),
  ];
}

/** Version 4 moves only what we leave as it is: addresses of sockets and of metrics. */
function version3(context: ComponentContext, format: { version: 3 | 4; hasBinDirs: boolean }): Section[] {
  const images = "plugins.'io.containerd.cri.v1.images'";
  const runtime = "plugins.'io.containerd.cri.v1.runtime'";
  const binaries: Record<string, Setting> = format.hasBinDirs
    ? { bin_dirs: [PATHS.cniBin] }
    : { bin_dir: PATHS.cniBin };
  return [
    ['', { version: format.version, ...oomScore(context) }],
    [images, lessMemory()],
    [`${images}.pinned_images`, { sandbox: context.spec.sandboxImage }],
    [runtime, isolation(context)],
    [`${runtime}.cni`, { ...binaries, conf_dir: cniConfDirectory(context.spec.network) }],
    [`${runtime}.containerd`, { default_runtime_name: 'runc' }],
    ...runc(`${runtime}.containerd`, context),
  ];
}

function runc(containerd: string, { traits }: ComponentContext): Section[] {
  const table = `${containerd}.runtimes.runc`;
  return [
    [table, { runtime_type: 'io.containerd.runc.v2' }],
    [`${table}.options`, { SystemdCgroup: traits.cgroupDriver === 'systemd' }],
  ];
}

/**
 * Without CAP_SYS_RESOURCE oom_score_adj cannot go below containerd's own: runc would die with every sandbox. Labels
 * matter where SELinux enforces them.
 */
function isolation({ traits }: ComponentContext): Record<string, Setting> {
  return { enable_selinux: traits.selinux === 'enforcing', restrict_oom_score_adj: !traits.canLowerOomScore };
}

function oomScore({ traits }: ComponentContext): Record<string, Setting> {
  return traits.canLowerOomScore ? { oom_score: -999 } : {};
}

/** A pulled image's compressed layers are of no use once they are unpacked, and lie in RAM. */
function lessMemory(): Record<string, Setting> {
  return { discard_unpacked_layers: true };
}

/** JSON's strings, numbers, booleans and lists of strings are TOML's too. */
function render(table: string, settings: Record<string, Setting>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return `${[...(table === '' ? [] : [`[${table}]`]), ...lines].join('\n')}\n`;
}
