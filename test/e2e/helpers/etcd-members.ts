import type { Lab } from '../../../lab/nodes/lab.js';

const CREDENTIALS = [
  '--cacert /etc/kubernetes/pki/etcd/ca.crt',
  '--cert /etc/kubernetes/pki/apiserver-etcd-client.crt',
  '--key /etc/kubernetes/pki/apiserver-etcd-client.key',
].join(' ');

/** Name → is it a learner, as the etcd of s4 itself tells. */
export async function memberList(lab: Lab): Promise<Record<string, boolean>> {
  const script = `curl -sS ${CREDENTIALS} -X POST -d '{}' https://127.0.0.1:2379/v3/cluster/member/list`;
  const { stdout } = await lab.exec('s4', ['bash', '-c', script]);
  const { members } = JSON.parse(stdout) as { members: { name?: string; isLearner?: boolean }[] };
  return Object.fromEntries(members.map(({ name = '', isLearner = false }) => [name, isLearner]));
}

export const voters = (...names: string[]): Record<string, boolean> =>
  Object.fromEntries(names.map((name) => [name, false]));
