import type { Peer } from '../components/context.js';
import { nthAddress } from '../config/cidr.js';
import type { ClusterSpec, Role } from '../config/spec.js';
import type {
  AuthorityId,
  ExtendedKeyUsage,
  LeafProfile,
  PkiProfiles,
  Receiver,
  SubjectProfile,
} from './profile-schema.js';
import { expandTemplate, type TemplateValues } from './template.js';

/** A node as certificates see it: they name addresses, so it must be known. */
export type PkiNode = Pick<Peer, 'name' | 'nodeIp' | 'controlPlane'>;

/** A certificate that should exist, every template filled in. */
export interface LeafRequest {
  /** `profile`, or `profile@node`: names files and appears in reports. */
  name: string;
  issuer: AuthorityId;
  subject: SubjectProfile;
  sans: string[];
  usages: ExtendedKeyUsage[];
  lifetimeDays: number;
}

export function leafName(profile: string, node: string): string {
  return `${profile}@${node}`;
}

/** Whether what a profile gives `to` some nodes is for a node of this role. */
export function receives(to: Receiver | 'operator', role: Role): boolean {
  return to === 'node' || (to === 'control-plane' && role === 'control-plane');
}

/** The operator's own leaves, which depend on nothing but the profiles: they open the door before nodes are known. */
export function operatorRequests({ leaves }: PkiProfiles): LeafRequest[] {
  return Object.entries(leaves)
    .filter(([, { per }]) => per === 'operator')
    .map(([id, profile]) => leafRequest(id, profile, {}));
}

interface NodeRequests {
  profiles: PkiProfiles;
  spec: ClusterSpec;
  nodes: readonly PkiNode[];
}

/** Every leaf these nodes need, in the order of the profiles. */
export function nodeRequests({ profiles, spec, nodes }: NodeRequests): LeafRequest[] {
  const shared = clusterValues(spec);
  return Object.entries(profiles.leaves).flatMap(([id, profile]) =>
    nodes
      .filter(({ controlPlane }) => receives(profile.per, controlPlane ? 'control-plane' : 'worker'))
      .map(({ name, nodeIp }) =>
        leafRequest(leafName(id, name), profile, { ...shared, 'node.name': name, 'node.ip': nodeIp }),
      ),
  );
}

function leafRequest(name: string, profile: LeafProfile, values: Partial<TemplateValues>): LeafRequest {
  const { issuer, subject, sans, usages, lifetimeDays } = profile;
  const expand = (templates: string[]) => templates.flatMap((template) => expandTemplate(template, values));
  return {
    name,
    issuer,
    subject: {
      commonName: expand([subject.commonName]).join(''),
      organizations: expand(subject.organizations),
    },
    // Several templates may give one address, e.g. an extra SAN that names the API address.
    sans: [...new Set(expand(sans))],
    usages,
    lifetimeDays,
  };
}

function clusterValues({ network, apiServer }: ClusterSpec): Partial<TemplateValues> {
  return {
    'api.address': network.apiAddress,
    'api.extra-sans': apiServer.extraSans,
    // Kubernetes gives the `kubernetes` Service the first address of the range.
    'service.first-ip': nthAddress(network.serviceCidr, 1),
    'cluster.domain': network.clusterDomain,
  };
}
