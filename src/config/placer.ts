import type { LoadedConfig } from './load.js';
import { type CrossProblem, formatPath } from './problems.js';
import type { SpecFlags } from './spec-flags.js';
import type { WantedHost } from './wanted-hosts.js';

export interface PlacerInput {
  file?: LoadedConfig;
  flags: SpecFlags;
  wanted: readonly WantedHost[];
}

/** Names the place of a problem: a flag, a place in the file, else the key. */
export function placer({ file, flags, wanted }: PlacerInput): (problem: CrossProblem) => string {
  const byFlag: Record<string, string | undefined> = {
    cluster: flags.cluster && '--cluster',
    hosts: flags.hosts && '--hosts',
    controlPlane: flags.controlPlane && '--control-plane',
    kubernetes: flags.kubernetes && '--kubernetes',
  };
  return ({ paths, node }) => {
    if (node !== undefined) {
      const entry = wanted.find(({ name }) => name === node)?.path;
      const [inner = []] = paths;
      return entry && file ? file.place([...entry, ...inner]) : (byFlag.hosts ?? 'the recorded cluster');
    }
    const flag = paths.map(([top]) => byFlag[String(top)]).find((name) => name !== undefined);
    const given = paths.find((path) => file?.has(path));
    return flag ?? (given && file?.place(given)) ?? formatPath(paths[0] ?? []);
  };
}
