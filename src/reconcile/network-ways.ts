import { nthAddress } from '../config/cidr.js';
import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import { OWN_PORTS } from '../node/ports.js';
import { scriptText } from '../node/script-text.js';
import { bashScript, type RemoteCommand } from '../ssh/bash-script.js';

/* The ways that traffic of components and pods takes, and how a node tries its own. */

/** Error code of a node whose traffic does not come through everywhere. It is there all the same. */
export const NETWORK_BROKEN = 'network-broken';

const SCRIPT = scriptText('prove-network.bash');

export interface Way {
  kind: 'api' | 'dns' | 'pods';
  /** As the node's script has it. */
  word: string;
  /** The node that it leads to, where it is one. */
  to?: string;
  /** Where it leads, e.g. `the pod network of s6 (10.244.2.1)`. */
  what: string;
  /** What a person may look for when it is broken. */
  hint: string;
}

export interface WaysInput {
  spec: ClusterSpec;
  node: NodeSpec;
  /** The nodes that are Ready, itself among them, always in the same order. */
  ready: readonly NodeSpec[];
  /** The cluster DNS is there to be asked. */
  dns: boolean;
}

/** Above it, all pairs are too many: each then asks so many that follow it, and is asked by as many. */
const ALL_PAIRS = 16;
const NEIGHBOURS = 8;

export function waysOf({ spec, node, ready, dns }: WaysInput): Way[] {
  const { network, apiServer } = spec;
  const service = nthAddress(network.serviceCidr, 1);
  return [
    {
      kind: 'api',
      word: `api=${network.apiAddress}:${apiServer.port}`,
      what: `the Kubernetes API at the node's own address ${network.apiAddress}`,
      hint: 'journalctl -u k8s-diskless-api there tells where it leads',
    },
    {
      kind: 'api',
      word: `api=${service}:443`,
      what: `the Kubernetes API at its service address ${service}`,
      hint: 'journalctl -u kube-proxy there tells of the rules for services',
    },
    ...(dns ? [dnsWay(spec, service)] : []),
    ...(network.mode === 'manifest' ? [] : othersAskedBy(node, ready).map((other) => podsWay(spec, node, other))),
  ];
}

function dnsWay({ network: { dnsAddress, clusterDomain } }: ClusterSpec, service: string): Way {
  const name = `kubernetes.default.svc.${clusterDomain}`;
  return {
    kind: 'dns',
    word: `dns=${dnsAddress},${name},${service}`,
    what: `the cluster DNS at ${dnsAddress}`,
    hint: 'k8s-diskless kubectl -- -n kube-system logs deployment/coredns tells what it lacks',
  };
}

/** Our own node unit has given the bridge its address, and the kubelet listens on every one. */
function podsWay({ network: { mode } }: ClusterSpec, node: NodeSpec, other: NodeSpec): Way {
  const address = gateway(other);
  const hint =
    mode === 'vxlan'
      ? `UDP port 4789 has to be open between ${node.name} and ${other.name}, and TCP port ${OWN_PORTS.kubelet.port} from the pod network`
      : `packets of pods go between ${node.name} and ${other.name} as they are, and nothing between them may drop those; network.mode vxlan wraps them`;
  return {
    kind: 'pods',
    to: other.name,
    word: `pods=${address}:${OWN_PORTS.kubelet.port}`,
    what: `the pod network of ${other.name} (${address})`,
    hint,
  };
}

/** A node's own address in the pod network. */
export const gateway = ({ podCidr }: NodeSpec): string => nthAddress(podCidr, 1);

/** Each asks the same number, and is asked as often: one that is cut off from any of these shows. */
function othersAskedBy(node: NodeSpec, ready: readonly NodeSpec[]): readonly NodeSpec[] {
  const own = ready.findIndex(({ name }) => name === node.name);
  const following = [...ready.slice(own + 1), ...ready.slice(0, Math.max(own, 0))];
  return ready.length > ALL_PAIRS ? following.slice(0, NEIGHBOURS) : following;
}

/** A way that does not work, and why, in the node's own words. */
export type Broken<T> = T & { why: string };
export type BrokenWay = Broken<Way>;

export interface NetworkScriptOptions {
  ways: readonly Pick<Way, 'word'>[];
  /** Path on the node of the CA that kube-apiservers' certificates are believed by; default: no way asks one. */
  ca?: string;
  /** The node's own address in the pod network; undefined where that is not ours. */
  source?: string | undefined;
  /** How long the node tries those that fail again. Default: not at all. */
  patienceS?: number;
  /** How long one try may take. */
  tryS?: number;
}

/** Longer than a packet that was lost takes to be sent again, twice. */
const TRY_S = 4;

/** The node tries its ways until all of them work, and tells what parseBroken reads. */
export function networkScript({ ways, ca, source, patienceS = 0, tryS = TRY_S }: NetworkScriptOptions): RemoteCommand {
  const words = ways.map(({ word }) => word);
  return bashScript(SCRIPT, String(patienceS), String(tryS), ca ?? '-', source ?? '-', ...words);
}

/** Each way that does not work. A user's shell may have greeted before the answer. */
export function parseBroken<T extends Pick<Way, 'word'>>(stdout: string, ways: readonly T[]): Broken<T>[] {
  return stdout.split('\n').flatMap((line) => {
    const [, word, why = ''] = /^failed (\S+) (.*)/.exec(line) ?? [];
    const way = ways.find((each) => each.word === word);
    return way === undefined ? [] : [{ ...way, why }];
  });
}
