import { acceptedFlags } from './accepted-flags.js';
import { gatesOfConfig, gatesOfFlag } from './asked-gates.js';
import { knownVersion } from './known-version.js';
import type { ConfigPath, CrossProblem } from './problems.js';
import { remedyOf, type Target } from './refusal-remedy.js';
import { refusedGates } from './refused-gates.js';
import { newestFirst } from './release-version.js';
import type { ClusterSpec } from './spec.js';

/** What a spec's components are started with. */
type ComponentArguments = Pick<ClusterSpec, 'kubernetes' | 'apiServer' | 'controllerManager' | 'scheduler' | 'kubelet'>;

interface RefusedFlagsOptions {
  /** No config file was given: the arguments are those of an earlier run. */
  recorded: boolean;
}

/** Where a spec and the config file have the flags of a component. */
const FLAGS = [
  { component: 'kube-apiserver', key: 'apiServer' },
  { component: 'kube-controller-manager', key: 'controllerManager' },
  { component: 'kube-scheduler', key: 'scheduler' },
] as const;

/** Flags of kube-apiserver that say what everything else is computed from as well. */
const OF_KEYS = new Map([
  ['advertise-address', 'nodeIp of the host'],
  ['secure-port', 'apiServer.port'],
  ['service-cluster-ip-range', 'network.serviceCidr'],
]);

/** Flags by which a component behaves as an older one, and has its gates locked as that has. */
const EMULATION = ['emulated-version', 'min-compatibility-version'];

/**
 * The flags and feature gates of the user's with which the components of this Kubernetes would end as they start.
 * Nothing where the version is not in the table.
 */
export function refusedFlags(spec: ComponentArguments, { recorded }: RefusedFlagsOptions): CrossProblem[] {
  const { kubernetes: version, kubelet } = spec;
  const row = knownVersion(version);
  if (row === undefined) return [];
  const takeOut = recorded ? 'it is recorded, and gone with a config file (--config) without it' : 'take it out';
  const isLaterPatch = newestFirst(version, row.kubernetes) < 0;
  const common = { version, minor: row.minor, isLaterPatch, takeOut };
  const ofFlags = FLAGS.flatMap(({ component, key }) => {
    const { extraArgs } = spec[key];
    const target = { ...common, component };
    const path = [key, 'extraArgs'];
    const flags = Object.keys(extraArgs).flatMap((flag) => refusedFlag(target, flag, [...path, flag]));
    const gates = gatesOfFlag(extraArgs['feature-gates'] ?? '', [...path, 'feature-gates']);
    const emulates = EMULATION.some((flag) => flag in extraArgs);
    return [...flags, ...refusedGates({ ...target, emulates }, gates)];
  });
  return [...ofFlags, ...refusedConfig({ ...common, component: 'kubelet' }, kubelet.extraConfig.featureGates)];
}

function refusedFlag(target: Target, flag: string, path: ConfigPath): CrossProblem[] {
  const { component, version, minor, takeOut } = target;
  const key = component === 'kube-apiserver' ? OF_KEYS.get(flag) : undefined;
  if (key !== undefined) return [{ paths: [path], message: `--${flag} is what ${key} says: set that; ${takeOut}` }];
  const acceptedIn = (other: number) => acceptedFlags(other, component).flags;
  if (acceptedIn(minor).includes(flag)) return [];
  const remedy = remedyOf({ name: flag, target, acceptedIn });
  if (remedy === undefined) return [];
  return [{ paths: [path], message: `${component} ${version} does not accept --${flag}: ${remedy}` }];
}

/** Of a KubeletConfiguration. */
function refusedConfig(target: Target, featureGates: unknown): CrossProblem[] {
  const path = ['kubelet', 'extraConfig', 'featureGates'];
  if (featureGates === undefined || featureGates === null) return [];
  if (typeof featureGates !== 'object' || Array.isArray(featureGates)) {
    return [{ paths: [path], message: 'feature gates must be a mapping of names to true or false' }];
  }
  return refusedGates({ ...target, emulates: false }, gatesOfConfig({ ...featureGates }, path));
}
