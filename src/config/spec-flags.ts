import type { SshSpec } from './spec.js';

/** Flags that shape the cluster, as typed. */
export interface SpecFlags {
  /** `--cluster` */
  cluster?: string;
  /** `--hosts` */
  hosts?: string;
  /** `--control-plane` */
  controlPlane?: string;
  /** `--taint-control-plane`, `--no-taint-control-plane` */
  taintControlPlane?: boolean;
  /** `--ready-timeout`, in milliseconds */
  readyTimeout?: number;
  /** `--kubernetes` */
  kubernetes?: string;
  /** `--ssh-config`, `--host-key-policy`, `--connect-timeout` */
  ssh?: SshSpec;
}
