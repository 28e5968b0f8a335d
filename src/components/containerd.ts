import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import { artifactFile } from './artifact-file.js';
import { containerdConfig } from './containerd-config.js';
import type { Component } from './context.js';
import { nodeScript } from './node-script.js';
import { CNI_PLUGINS, POD_CONFLIST } from './pod-network.js';
import { dropIn, textFile } from './systemd.js';

export const CONTAINERD_UNIT = 'containerd.service';
/** What the node asks containerd itself; see there. */
export const CONTAINERD_CHECK = `${PATHS.bin}/k8s-diskless-containerd`;
const CONFIG = '/etc/containerd/config.toml';

/** The operating system's containerd under a configuration of ours; on Fedora CoreOS it is installed but not running. */
export const containerd: Component = (context) => {
  const plugins = CNI_PLUGINS.map((name) => artifactFile(context, name, PATHS.cniBin));
  const config = textFile(CONFIG, containerdConfig(context));
  const unit = dropIn(CONTAINERD_UNIT, {
    // Flatcar's unit names its own read-only file in this variable; others read /etc/containerd/config.toml anyway.
    Environment: `CONTAINERD_CONFIG=${CONFIG}`,
  });
  const conflist = context.spec.network.mode === 'manifest' ? [] : [POD_CONFLIST];
  return {
    component: 'containerd',
    files: [...plugins, config, nodeScript('k8s-diskless-containerd'), unit] satisfies DesiredFile[],
    // The conflist is an input because containerd misses files that are moved in while it runs.
    units: [{ name: CONTAINERD_UNIT, inputs: [config.path, unit.path, ...conflist], disruption: 'none' }],
  };
};
