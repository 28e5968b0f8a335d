import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import { artifactFile } from './artifact-file.js';
import { containerdConfig } from './containerd-config.js';
import type { Component } from './context.js';
import { CNI_PLUGINS, POD_CONFLIST } from './pod-network.js';
import { dropIn, textFile } from './systemd.js';

const UNIT = 'containerd.service';
const CONFIG = '/etc/containerd/config.toml';

/** The operating system's containerd under a configuration of ours; on Fedora CoreOS it is installed but not running. */
export const containerd: Component = (context) => {
  const plugins = CNI_PLUGINS.map((name) => artifactFile(context, name, PATHS.cniBin));
  const config = textFile(CONFIG, containerdConfig(context));
  const unit = dropIn(UNIT, {
    // Flatcar's unit names its own read-only file in this variable; others read /etc/containerd/config.toml anyway.
    Environment: `CONTAINERD_CONFIG=${CONFIG}`,
  });
  const conflist = context.spec.network.mode === 'manifest' ? [] : [POD_CONFLIST];
  return {
    component: 'containerd',
    files: [...plugins, config, unit] satisfies DesiredFile[],
    // The conflist is an input because containerd misses files that are moved in while it runs.
    units: [{ name: UNIT, inputs: [config.path, unit.path, ...conflist], disruption: 'none' }],
  };
};
