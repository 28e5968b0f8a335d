import { expect, it } from 'vitest';
import { type ClosedPort, closedPortFindings } from '../../src/plan/preflight-ports.js';

const closed = (from: string, to: string, port = 2380): ClosedPort => ({
  from,
  to,
  port,
  owner: port === 2380 ? 'etcd' : 'kubelet',
  address: `10.0.0.${to.slice(1)}`,
  why: 'no answer within 4 s',
});
const told = (ports: ClosedPort[]): string[] =>
  [...closedPortFindings(ports)].map(([node, { message }]) => `${node}: ${message}`);

it('nothing is said where all ports are open', () => expect(told([])).toEqual([]));

it('names port and pair, about the machine that is not reached', () => {
  expect(told([closed('s4', 's5')])).toEqual([
    's5: s4 does not reach TCP port 2380 (etcd) of s5 at 10.0.0.5: no answer within 4 s',
  ]);
});

it('ports of one pair are told together', () => {
  expect(told([closed('s4', 's5'), closed('s4', 's5', 10250)])).toEqual([
    's5: s4 does not reach TCP ports 2380 (etcd), 10250 (kubelet) of s5 at 10.0.0.5: no answer within 4 s',
  ]);
});

it('a firewall that is shut to all others is the fault of its machine, also where it lets nothing out', () => {
  expect(told([closed('s4', 's6'), closed('s5', 's6')]).map((each) => each.slice(0, 22))).toEqual([
    's6: s4 does not reach ',
  ]);
  expect(told([closed('s4', 's5'), closed('s4', 's6')])).toEqual([
    expect.stringMatching(/^s4: it does not reach TCP port 2380 \(etcd\) of s5 .*; it does not reach .* of s6 /),
  ]);
});

it('two faults are two findings', () => {
  const nodes = [...closedPortFindings([closed('s4', 's5'), closed('s6', 's7')]).keys()];
  expect(nodes.toSorted()).toEqual(['s5', 's7']);
});
