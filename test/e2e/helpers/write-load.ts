import type { World } from './cluster-world.js';

/** Writes to the API from a node, as its pods and its kubelet do: through the one API address of nodes. */
export interface WriteLoad {
  /** Resolves with the longest time without an acknowledged write, in milliseconds, and how many there were. */
  end(): Promise<{ longestGapMs: number; writes: number }>;
}

const STOP = '/run/write-load.stop';

/** Each attempt has a connection of its own and a second; what is printed is when one was acknowledged. */
const LOOP = `
url=$1/api/v1/namespaces/default/configmaps/write-load
until [[ -e ${STOP} ]]; do
  body='{"data":{"at":"'$EPOCHREALTIME'"}}'
  code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 1 --cacert /etc/kubernetes/pki/ca.crt \\
    -H "Authorization: Bearer $2" -H 'Content-Type: application/merge-patch+json' -X PATCH -d "$body" "$url") || true
  [[ $code == 200 ]] && echo "$EPOCHREALTIME"
  sleep 0.05
done
`;

export async function startWriteLoad({ lab, operator }: World, node: string): Promise<WriteLoad> {
  await operator.kubectl('create', 'configmap', 'write-load');
  const rule = ['--verb=get,patch', '--resource=configmaps'];
  await operator.kubectl('create', 'role', 'write-load', ...rule);
  await operator.kubectl(
    'create',
    'rolebinding',
    'write-load',
    '--role=write-load',
    '--serviceaccount=default:default',
  );
  const token = (await operator.kubectl('create', 'token', 'default', '--duration=1h')).trim();
  const kubeconfig = (await lab.exec(node, ['cat', '/etc/kubernetes/kubelet.kubeconfig'])).stdout;
  const address = /server: (\S+)/.exec(kubeconfig)?.[1] ?? '';
  const running = lab.exec(node, ['bash', '-c', LOOP, 'write-load', address, token]);
  return {
    async end() {
      await lab.exec(node, ['touch', STOP]);
      const times = (await running).stdout
        .trim()
        .split('\n')
        .map((line) => Number(line) * 1000);
      await lab.exec(node, ['rm', STOP]);
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
      return { longestGapMs: Math.max(...gaps), writes: times.length };
    },
  };
}
