import type { LoadedConfig } from '../config/load.js';
import { locateStateDir, type StateDir } from '../state/state-dir.js';
import type { StateRequest } from './requests.js';

/** The state directory of the cluster that is asked for, else the config file, else of the one named `default`. */
export function stateOf(request: StateRequest, file?: LoadedConfig): StateDir {
  const { stateDir } = request;
  const cluster = clusterNameOf(request, file);
  return locateStateDir({ cluster, env: process.env, ...(stateDir !== undefined && { stateDir }) });
}

export function clusterNameOf({ cluster }: Pick<StateRequest, 'cluster'>, file?: LoadedConfig): string {
  return cluster ?? file?.config.cluster ?? 'default';
}
