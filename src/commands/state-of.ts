import type { LoadedConfig } from '../config/load.js';
import { locateStateDir, type StateDir } from '../state/state-dir.js';
import type { StateFlags } from './options.js';

/** The state directory of the cluster that the flags name, else the config file, else of the one named `default`. */
export function stateOf(
  { cluster, stateDir }: Pick<StateFlags, 'cluster' | 'stateDir'>,
  file?: LoadedConfig,
): StateDir {
  const name = cluster ?? file?.config.cluster ?? 'default';
  return locateStateDir({ cluster: name, env: process.env, ...(stateDir !== undefined && { stateDir }) });
}
