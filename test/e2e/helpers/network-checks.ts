import type { Operator } from './cli.js';
import { type Answer, type EchoPod, NODE_PORT } from './workload.js';

export interface NetworkFacts {
  pods: EchoPod[];
  /** Addresses of all nodes. */
  nodeIps: string[];
  echoIp: string;
}

export async function networkFacts(operator: Operator, pods: EchoPod[]): Promise<NetworkFacts> {
  const addresses = '{.items[*].status.addresses[?(@.type=="InternalIP")].address}';
  const nodeIps = (await operator.kubectl('get', 'nodes', '-o', `jsonpath=${addresses}`)).split(' ');
  const echoIp = await operator.kubectl('get', 'service', 'echo', '-o', 'jsonpath={.spec.clusterIP}');
  return { pods, nodeIps, echoIp };
}

/** What one pod saw of the network, each thing asked once. */
export interface SeenFromPod {
  /** Pod IP → answer of a direct request. */
  direct: Record<string, Answer>;
  /** Node IP → answer through its NodePort. */
  nodePort: Record<string, Answer>;
  /** Pods that answered through the ClusterIP. */
  clusterIp: string[];
  dns: string;
}

/** So many requests through a service that each of five backends is met, but for one in ten thousand times. */
const REQUESTS = 60;

/** One exec does all of it: a kubectl start costs more than the checks. */
export async function lookFromPod(operator: Operator, pod: EchoPod, facts: NetworkFacts): Promise<SeenFromPod> {
  const script = `
get() { timeout 3 wget -q -O - "http://$1"; }
for ip in ${facts.pods.map(({ ip }) => ip).join(' ')}; do echo "direct $ip $(get $ip:8080/)"; done
for ip in ${facts.nodeIps.join(' ')}; do echo "nodePort $ip $(get $ip:${NODE_PORT}/)"; done
i=0; while [ $i -lt ${REQUESTS} ]; do echo "service x $(get ${facts.echoIp}/)"; i=$((i+1)); done
echo "dns x $(nslookup echo.default.svc.cluster.local 2>&1 | tr '\\n' ' ')"
`;
  const output = await operator.kubectl('exec', pod.name, '--', 'sh', '-c', script);
  const rows = output.split('\n').flatMap((line) => {
    const [, kind = '', key = '', rest = ''] = /^(\S+) (\S+) (.*)$/.exec(line) ?? [];
    return kind === '' ? [] : [{ kind, key, rest }];
  });
  const answers = (kind: string): [string, Answer][] =>
    rows.filter((row) => row.kind === kind).map(({ key, rest }) => [key, JSON.parse(rest) as Answer]);
  return {
    direct: Object.fromEntries(answers('direct')),
    nodePort: Object.fromEntries(answers('nodePort')),
    clusterIp: [...new Set(answers('service').map(([, { pod: name }]) => name))],
    dns: rows.find(({ kind }) => kind === 'dns')?.rest ?? '',
  };
}

/** A DNS query for `kubernetes.default.svc.cluster.local A` over TCP, as bash's printf writes it. */
const DNS_QUERY_TCP =
  '\\x00\\x36\\x12\\x34\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00' +
  '\\x0akubernetes\\x07default\\x03svc\\x07cluster\\x05local\\x00\\x00\\x01\\x00\\x01';

/** For a node's own shell: asks the DNS service over TCP and prints the number of answers it carries. */
export function dnsOverTcp(address: string): string {
  return `exec 3<>/dev/tcp/${address}/53; printf '${DNS_QUERY_TCP}' >&3; head -c 10 <&3 | od -An -tu1 -j8 -N2`;
}
