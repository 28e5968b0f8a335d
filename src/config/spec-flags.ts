import type { ConfigFile } from './schema.js';
import type { SshSpec } from './spec.js';

/** Flags that shape the cluster, as typed. Those with the name of a setting take its values. */
export interface SpecFlags extends Pick<ConfigFile, 'cluster' | 'kubernetes' | 'taintControlPlane' | 'readyTimeout'> {
  /** `--hosts`: a host expression */
  hosts?: string;
  /** `--control-plane`: names of hosts */
  controlPlane?: string;
  /** `--ssh-config`, `--host-key-policy`, `--connect-timeout` */
  ssh?: SshSpec;
}
