import { refusal } from '../errors.js';
import type { ClusterRecord } from '../state/records.js';
import type { FitNode } from './hosts.js';

export function foreignNodes(fit: readonly FitNode[], record: ClusterRecord | undefined): FitNode[] {
  return fit.filter(({ facts }) => facts.marker !== undefined && facts.marker.clusterId !== record?.clusterId);
}

/** A node that carries another cluster's marker in this boot is somebody's: never taken over. */
export function refuseForeignNodes(fit: readonly FitNode[], record: ClusterRecord | undefined): void {
  const foreign = foreignNodes(fit, record);
  if (foreign.length === 0) return;
  const names = foreign.map(({ node }) => node.name).join(', ');
  const what = record === undefined ? 'a cluster this state directory does not know' : 'another cluster';
  throw refusal({
    code: 'foreign-cluster',
    message: `${names} already belong${foreign.length === 1 ? 's' : ''} to ${what}`,
    hint: 'use the state directory of that cluster (--state-dir), or reboot the nodes to make them blank',
  });
}
