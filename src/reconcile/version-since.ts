import type { ClusterSpec } from '../config/spec.js';
import type { NodeFacts } from '../facts/facts.js';
import type { NodeFinding } from '../plan/finding.js';
import { error } from '../plan/finding.js';
import type { ClusterRecord } from '../state/records.js';

/** The incarnation that the cluster's Kubernetes version began with; 0 where it never was another. */
export function versionSince(record: ClusterRecord | undefined, spec: ClusterSpec): number {
  if (record === undefined) return 0;
  const isAnother = record.spec.kubernetes !== spec.kubernetes;
  return isAnother ? record.etcd.incarnation + 1 : (record.etcd.versionSince ?? 0);
}

/**
 * What an older Kubernetes left in a kernel and below /var (rules of kube-proxy, checkpoints of the kubelet) is nothing
 * that another version was ever tried with: the node must have been rebooted in between.
 */
export function checkRebooted(
  record: ClusterRecord | undefined,
  spec: ClusterSpec,
  { marker }: NodeFacts,
): NodeFinding[] {
  if (marker === undefined || marker.clusterId !== record?.clusterId) return [];
  if (marker.incarnation >= versionSince(record, spec)) return [];
  const message = `it was not rebooted since it ran another Kubernetes than ${spec.kubernetes} (incarnation ${marker.incarnation})`;
  return error('not-rebooted', message, 'reboot it; the next up takes it in');
}
