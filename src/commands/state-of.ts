import type { LoadedConfig } from '../config/load.js';
import { locateStateDir, type StateDir } from '../state/state-dir.js';
import type { StateFlags } from './options.js';

/** The state directory of the cluster that the flags name, else the config file, else of the one named `default`. */
export function stateOf(flags: Pick<StateFlags, 'cluster' | 'stateDir'>, file?: LoadedConfig): StateDir {
  const { stateDir } = flags;
  const cluster = clusterNameOf(flags, file);
  return locateStateDir({ cluster, env: process.env, ...(stateDir !== undefined && { stateDir }) });
}

export function clusterNameOf({ cluster }: Pick<StateFlags, 'cluster'>, file?: LoadedConfig): string {
  return cluster ?? file?.config.cluster ?? 'default';
}
