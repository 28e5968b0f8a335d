import { MAX_NAMESERVERS } from '../components/kubelet-config.js';
import { cidrContains, cidrOverlaps } from '../config/cidr.js';
import { goArchitecture, MACHINES } from '../facts/architecture.js';
import { nameserversForPods } from '../facts/nameservers.js';
import { MAX_SESSIONS_HINT } from '../ssh/channel-error.js';
import { type Check, error, type NodeFinding, type PreflightInput, warning } from './finding.js';
import { isOurs, OWN_LINKS, ownPorts } from './own-resources.js';
import { checkClock } from './preflight-clock.js';
import { checkMemory, checkSpace } from './preflight-room.js';
import { checkContainerd, checkFeatures, checkTools, checkXtables } from './preflight-software.js';

/** Everything wrong with one node, all at once. Pure. */
export function preflight(input: PreflightInput): NodeFinding[] {
  return CHECKS.flatMap((check) => check(input));
}

const checkArchitecture: Check = ({ facts }) =>
  goArchitecture(facts.arch) === undefined
    ? error('architecture', `its architecture ${facts.arch} is not supported`, `${MACHINES} are`)
    : [];

/** etcd and the API are asked through the node's own connection. */
const checkForwarding: Check = ({ facts, node }) =>
  facts.forwardsNothing && node.role === 'control-plane'
    ? error(
        'forwarding-forbidden',
        'its sshd forwards no TCP connections',
        'allow AllowTcpForwarding (and PermitOpen) there',
      )
    : [];

/** Files stream in one while commands run in another. */
const checkSessions: Check = ({ facts }) =>
  facts.opensOneSession
    ? error(
        'sessions-too-few',
        'its sshd opens one session at a time on a connection, and two are needed',
        MAX_SESSIONS_HINT,
      )
    : [];

const checkWritable: Check = ({ facts }) => {
  const blocked = ['/opt', '/etc', '/var', '/run'].filter((path) => facts.mounts[path]?.readOnly);
  return blocked.length === 0 ? [] : error('read-only', `${blocked.join(', ')} cannot be written to`);
};

const checkExecutable: Check = ({ facts }) =>
  facts.mounts['/opt']?.noExec
    ? error(
        'no-exec',
        '/opt is mounted noexec, and its binaries lie there',
        'mount it without, or another file system there',
      )
    : [];

/** The kernel takes no directory on these for the upper one of an overlay, which each container has. */
const NO_UPPER = ['overlay', 'nfs', 'nfs4'];

const checkContainers: Check = ({ facts }) => {
  const { fstype = '' } = facts.mounts['/var/lib/containerd'] ?? facts.mounts['/var'] ?? {};
  if (!NO_UPPER.includes(fstype)) return [];
  const hint = 'mount a tmpfs there, or /var on another file system';
  return error(
    'containers-on-overlay',
    `/var/lib/containerd lies on ${fstype}, on which no containers can be made`,
    hint,
  );
};

const checkSwap: Check = ({ facts }) =>
  facts.swap ? warning('swap', 'swap is on; the kubelet is told to accept it, pods do not use it') : [];

const checkNameservers: Check = ({ facts, spec }) => {
  const { length } = nameserversForPods(facts);
  if (length > MAX_NAMESERVERS) {
    return warning('nameservers', `it has ${length} nameservers; pods get the first ${MAX_NAMESERVERS}`);
  }
  if (length > 0 || !spec.addons.dns.enabled) return [];
  const hint = 'give it one by DHCP; any address will do if nothing outside the cluster is to be resolved';
  const what = facts.nameservers.length > 0 ? 'only a nameserver of its own (loopback)' : 'no nameserver';
  return warning('nameservers-none', `it has ${what}, and CoreDNS does not start on it`, hint);
};

const checkHostname: Check = ({ facts, node }) =>
  /^localhost\b/.test(facts.hostname)
    ? warning('hostname', `its host name is ${facts.hostname}; the node is registered as ${node.name}`)
    : [];

const checkRoutes: Check = ({ facts, spec }) => {
  const { podCidr, serviceCidr } = spec.network;
  const ours = (link: string): boolean => OWN_LINKS.test(link);
  return facts.routes.flatMap((route) => {
    if (route.destination === 'default' || ours(route.link)) return [];
    const clash = [podCidr, serviceCidr].find((cidr) => cidrOverlaps(cidr, route.destination));
    if (clash === undefined) return [];
    if (clash === podCidr && isOurs(facts) && cidrContains(podCidr, route.destination.split('/')[0] ?? '')) return [];
    const what = clash === podCidr ? 'pod' : 'service';
    // Ours are more specific and win: sites have a summary route for all that is private.
    if (cidrContains(route.destination, clash)) {
      return warning(
        'route-around',
        `its route ${route.destination} (${route.link}) holds the ${what} network ${clash} too, which is hidden by ours`,
      );
    }
    const hint = `choose another network.${what}Cidr`;
    return error(
      'route-overlap',
      `its route ${route.destination} (${route.link}) overlaps the ${what} network ${clash}`,
      hint,
    );
  });
};

const checkPorts: Check = ({ facts, spec, node }) => {
  if (isOurs(facts)) return [];
  const wanted = ownPorts(spec, node);
  return facts.listeners.flatMap(({ port, process }) => {
    const purpose = wanted.get(port);
    if (purpose === undefined) return [];
    const by = process === '' ? 'another process' : process;
    return error(
      'port-taken',
      `TCP port ${port}, needed by ${purpose}, is taken by ${by}`,
      `stop ${by}, or reboot the node`,
    );
  });
};

const CHECKS: readonly Check[] = [
  checkArchitecture,
  checkForwarding,
  checkSessions,
  checkTools,
  checkFeatures,
  checkXtables,
  checkMemory,
  checkSpace,
  checkWritable,
  checkExecutable,
  checkContainers,
  checkClock,
  checkContainerd,
  checkSwap,
  checkNameservers,
  checkHostname,
  checkRoutes,
  checkPorts,
];
