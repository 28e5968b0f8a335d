/** What one node should hold: pure data, computed from spec, PKI and facts. */

/** Also the order and grouping in which files travel and services start. */
export type ComponentId =
  | 'node'
  | 'containerd'
  | 'api-proxy'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kube-proxy';

/** An artifact unpacked: named by hash only. */
export interface ArtifactFile {
  sha256: string;
  size: number;
}

export type FileContent =
  /** Rendered on the operator, keys among it: never shown, and never on the artifacts' path. */
  | { kind: 'text'; text: string }
  /** Pushed unchanged. */
  | ({ kind: 'artifact' } & ArtifactFile);

export interface DesiredFile {
  /** Absolute path on the node. */
  path: string;
  /** Permission bits, e.g. 0o600. Owner is always root:root. */
  mode: number;
  content: FileContent;
  /**
   * Written only when the path does not exist in this boot epoch, and never compared afterwards: for one-time
   * parameters such as etcd's initial cluster.
   */
  once?: boolean;
  /** Units follow changes of it by themselves: this text is what counts for them of its content. */
  watched?: string;
}

/**
 * What restarting the unit interrupts on a live cluster; `etcd` and `apiserver` go one control plane at a time, each
 * healthy before the next.
 */
export type Disruption = 'none' | 'apiserver' | 'etcd';

export interface DesiredUnit {
  /** systemd unit name, e.g. `etcd.service`. */
  name: string;
  /** Paths whose content the running unit depends on (its unit file included): a difference restarts it. */
  inputs: string[];
  disruption: Disruption;
}

export interface ComponentOutput {
  component: ComponentId;
  files: DesiredFile[];
  units: DesiredUnit[];
}

export interface DesiredImage {
  /** SHA-256 of the archive file. */
  sha256: string;
  size: number;
  /** Image references the archive contains, e.g. `registry.k8s.io/pause:3.6`. */
  references: string[];
}

export interface DesiredNode {
  components: ComponentOutput[];
  images: DesiredImage[];
}
