import { usageError } from '../errors.js';

/**
 * The oldest patch of each supported minor. Sources: etcd's pages "Upgrade etcd from 3.5 to 3.6" and "from 3.6 to 3.7",
 * "Avoiding Zombie Cluster Members" (etcd#20967), and the CHANGELOG of each. A newer minor is no guess either: its
 * flags are fatal where unknown, and nobody has run it here.
 */
const FLOORS = { '3.5': '3.5.32', '3.6': '3.6.11', '3.7': '3.7.1' } as const;

export type EtcdMinor = keyof typeof FLOORS;

const ACCEPTED = `use ${Object.values(FLOORS)
  .join(', ')
  .replace(/, ([^,]*)$/, ' or $1')}, or a newer patch release of these`;

/** Why a cluster must not run this etcd (a version such as `3.7.3`); undefined when it may. */
export function etcdProblem(version: string): string | undefined {
  const minor = supportedMinor(version);
  if (minor === undefined) return `etcd ${version} is not supported; ${ACCEPTED}`;
  const floor = FLOORS[minor];
  if (patchOf(version) >= patchOf(floor)) return undefined;
  const faults = 'known faults in revision bumps, in watches and of members that return after their removal';
  return `etcd ${version} is older than ${floor}: it has ${faults}, which would make the cluster's memory unsafe; ${ACCEPTED}`;
}

/** Of a minor that came after those supported here. */
export function isNewerEtcd(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return Object.keys(FLOORS).every((known) => {
    const [knownMajor = 0, knownMinor = 0] = known.split('.').map(Number);
    return major > knownMajor || (major === knownMajor && minor > knownMinor);
  });
}

/** @throws usage error of a minor that is not supported */
export function etcdMinor(version: string): EtcdMinor {
  const minor = supportedMinor(version);
  if (minor !== undefined) return minor;
  throw usageError({
    code: 'etcd-version-unsupported',
    message: `etcd version ${JSON.stringify(version)} is not supported`,
    hint: ACCEPTED,
  });
}

function supportedMinor(version: string): EtcdMinor | undefined {
  const minor = version.split('.').slice(0, 2).join('.');
  return minor in FLOORS ? (minor as EtcdMinor) : undefined;
}

function patchOf(version: string): number {
  return Number(version.split('.')[2]);
}
