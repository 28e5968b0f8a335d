import { expect, it } from 'vitest';
import type { PassResult } from '../../src/reconcile/pass.js';
import { judge } from '../../src/reconcile/up-sequence.js';
import { livingCluster, NAMES } from './living-cluster.js';

/*
 * A living cluster as the release before left it, from what its machines say to what is done there. Its marker beside
 * etcd's data is `CLUSTER INCARNATION`: it names neither a role nor the attempt.
 */

const ordersOf = ({ values }: PassResult) => {
  const { code, members, cluster } = values.of(judge)?.orders ?? {};
  return { code, members: Object.fromEntries(members ?? []), cluster };
};

it('nothing is done to its etcd: its members count as voters, and their markers stay as they are', async () => {
  const { fleet, members, up } = await livingCluster();
  const commands = () => fleet.nodes.map(({ sshd }) => sshd.commands.length);
  const before = commands();
  const pass = await up();
  expect(pass.reports.filter(({ outcome }) => outcome !== 'unchanged')).toEqual([]);
  const keep = Object.fromEntries(NAMES.map((name) => [name, { do: 'keep' }]));
  expect(ordersOf(pass)).toEqual({ code: 'healthy', members: keep, cluster: [] });
  // Its facts were read, beside which a second session was asked for, and nothing else was run on any of them.
  expect(commands()).toEqual(before.map((count) => count + 2));
  for (const { sshd } of fleet.nodes) expect(sshd.commands.slice(-2)).toContain('true');
  expect(fleet.nodes.map(({ deliveries }) => deliveries.length)).toEqual(NAMES.map(() => 1));
  expect(members.asked.filter((call) => !/^(read|list|status) /.test(call))).toEqual([]);
});

it('a member that is left alone of them is the data: it is brought up, and nobody begins anew', async () => {
  const { fleet, members, up } = await livingCluster();
  for (const node of fleet.nodes.slice(1)) Object.assign(node, { etcd: undefined, units: undefined });
  members.alive.clear();
  const pass = await up();
  expect(ordersOf(pass)).toMatchObject({
    code: 'revive',
    members: { n1: { do: 'keep' }, n2: { do: 'wait' }, n3: { do: 'wait' } },
    cluster: [],
  });
  expect(fleet.nodes[0]?.deliveries).toHaveLength(1);
});
