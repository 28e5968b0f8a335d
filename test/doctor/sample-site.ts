import type { SiteNode } from '../../src/doctor/asks.js';
import { sampleSpec } from '../helpers/sample-facts.js';

export const SPEC = sampleSpec();

/** A node of the sample for each name, its pod, and the service in front of that. */
export const siteNodes = (names: readonly string[]): SiteNode[] =>
  SPEC.nodes
    .filter(({ name }) => names.includes(name))
    .map((spec, index) => ({
      spec,
      address: `10.0.0.${index + 4}`,
      name: `n${index}`,
      pod: { address: `10.244.${index}.9`, mtu: 1450 },
      service: { clusterIp: `10.96.7.${index}`, nodePort: 30_001 + index },
    }));
