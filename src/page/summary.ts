import { type MemberStatus, nodeTroubles } from '../cluster/cluster-status.js';
import type { AsJson } from '../cluster/status-document.js';
import { memberText, stateOf } from '../ui/status-view.js';
import type { PageState } from './page-state.js';

/** A node in a few words. */
export interface NodeRow {
  name: string;
  role: string;
  /** `ready`, `differs`, `not ready`, `rebooted`, `unreachable`. */
  state: string;
  /** What is not as it should be, a sentence's end each. */
  troubles: string[];
  kubelet: string;
  /** Of its etcd member; empty where it has none. */
  etcd: string;
}

/** What follows from a state and is shown in more than one place. */
export interface Summary {
  nodes: NodeRow[];
  ready: number;
  etcd: { voters: number; answering: number; needed: number; hasQuorum: boolean };
}

/** Undefined until the cluster was looked at. Pure. */
export function summaryOf({ status }: PageState): Summary | undefined {
  if (status === undefined) return undefined;
  const { nodes, members, noQuorum } = status.document;
  const rows = nodes.map((node): NodeRow => {
    const member = members.find(({ name }) => name === node.name);
    const troubles = nodeTroubles(node).map(({ says }) => says);
    const { name, role, kubelet = '' } = node;
    return { name, role, state: stateOf(node), troubles, kubelet, etcd: memberText(member) };
  });
  return {
    nodes: rows,
    ready: rows.filter(({ state }) => state === 'ready').length,
    etcd: { ...votersOf(members), hasQuorum: noQuorum === undefined },
  };
}

function votersOf(members: readonly AsJson<MemberStatus>[]) {
  const voters = members.filter(({ isLearner }) => !isLearner);
  const answering = voters.filter(({ silent }) => silent === undefined).length;
  return { voters: voters.length, answering, needed: Math.floor(voters.length / 2) + 1 };
}
