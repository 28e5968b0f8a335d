import { describe, expect, it } from 'vitest';
import { checkMtu, mtuOf } from '../../../../src/bench/measure/network/mtu.js';
import type { NodeTools, ToolEndpoint } from '../../../../src/bench/measure/network/tool-pods.js';
import { localShell } from '../../../helpers/local-shell.js';

const { signal } = new AbortController();

/** As `ip -o` of iproute2 6.1 prints them in a pod, and on a node whose addresses begin alike. */
const POD = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 10.244.1.7/24 brd 10.244.1.255 scope global eth0\\       valid_lft forever preferred_lft forever
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback
2: eth0@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP mode DEFAULT group default qlen 1000\\    link/ether`;
const NODE = `2: eth0    inet 10.1.0.50/24 scope global eth0\\       valid_lft forever
3: eth1    inet 10.1.0.5/24 scope global eth1\\       valid_lft forever
2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default\\    link/ether
3: eth1: <BROADCAST,UP,LOWER_UP> mtu 9000 qdisc mq state UP mode DEFAULT group default\\    link/ether`;

interface Scripted extends ToolEndpoint {
  /** What pinged, in order. */
  pings: string[];
}

/** An endpoint whose `ip` prints this, and whose packets up to a size arrive. */
function endpoint(address: string, links: string, carries = 65_535): Scripted {
  const pings: string[] = [];
  const exec = async (command: string) => {
    if (!command.includes(' ping ')) return { stdout: links, exitCode: 0 };
    pings.push(command);
    return { stdout: '', exitCode: Number(/-s (\d+)/.exec(command)?.[1]) + 28 <= carries ? 0 : 1 };
  };
  return {
    ...localShell(),
    node: { name: 's4', session: { exec } } as unknown as ToolEndpoint['node'],
    address,
    pings,
  };
}

describe('mtuOf', () => {
  it('is that of the interface with the address, in a pod', async () => {
    expect(await mtuOf(endpoint('10.244.1.7', POD), signal)).toBe(1450);
  });

  it('does not take an address for another that begins alike', async () => {
    expect(await mtuOf(endpoint('10.1.0.5', NODE), signal)).toBe(9000);
  });
});

describe('checkMtu', () => {
  const tools = (pod: ToolEndpoint): NodeTools => ({
    pod,
    peer: pod,
    host: pod,
    service: { clusterIp: '10.96.0.9', nodePorts: new Map() },
  });

  it('sends packets that fill the MTU, never in fragments, both ways', async () => {
    const [a, b] = [endpoint('10.244.1.7', POD), endpoint('10.244.1.7', POD, 1400)];
    const cells = [{ path: 'pod', test: 'tcp', from: 's4', to: 's5' } as const];
    const found = await checkMtu({ tools: new Map(Object.entries({ s4: tools(a), s5: tools(b) })), cells, signal });
    expect(found).toEqual([
      { path: 'pod', from: 's4', to: 's5', mtu: 1450, passed: true },
      { path: 'pod', from: 's5', to: 's4', mtu: 1450, passed: false },
    ]);
    expect(a.pings).toEqual(['nsenter -t 1 -n ping -n -q -c 3 -i 0.2 -W 1 -M do -s 1422 10.244.1.7']);
  });

  it('asks each way once, and no service, which carries no ICMP', async () => {
    const a = endpoint('10.244.1.7', POD);
    const cells = (['pod', 'cluster-ip', 'node-port'] as const).flatMap((path) =>
      (['tcp', 'udp'] as const).map((test) => ({ path, test, from: 's4', to: 's5' })),
    );
    const both = new Map(Object.entries({ s4: tools(a), s5: tools(a) }));
    expect(await checkMtu({ tools: both, cells, signal })).toHaveLength(2);
  });
});
