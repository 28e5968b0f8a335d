import { decideVersions, type VersionsInput } from './settings.js';
import type { ClusterSpec } from './spec.js';
import { coreDnsImage } from './version-table.js';

/**
 * The recorded cluster as a new one begins in its place (`--new-cluster`): versions, and the images that go with them,
 * are chosen as if nothing were recorded; what it is built on stays.
 */
export function renewed(recorded: ClusterSpec, input: VersionsInput): ClusterSpec {
  const { row, ...versions } = decideVersions(input);
  const image = input.defaults.dnsImage ?? coreDnsImage(row);
  return { ...recorded, ...versions, addons: { ...recorded.addons, dns: { ...recorded.addons.dns, image } } };
}
