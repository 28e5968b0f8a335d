import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { BenchNode } from '../../../src/bench/measure/bench-node.js';
import { runDnsLoad } from '../../../src/bench/measure/dns-load.js';
import { checkMtu } from '../../../src/bench/measure/network/mtu.js';
import { runCell } from '../../../src/bench/measure/network/run-cell.js';
import type { NodeTools } from '../../../src/bench/measure/network/tool-pods.js';
import { readNodeFacts } from '../../../src/bench/measure/node-facts.js';
import { startRunClock } from '../../../src/bench/measure/run-clock.js';
import { loadPreset } from '../../../src/bench/preset/load-preset.js';

/* What the cluster's API says stands in commands that root runs on a node: it must stay a word there. */

const HOSTILE = '10.244.1.7;reboot';
const QUOTED = `'${HOSTILE}'`;
const { signal } = new AbortController();

/** A node that answers nothing, and remembers what it was told. */
function recorder() {
  const told: string[] = [];
  const exec = async (command: string, { input = '' }: { input?: string }) => {
    told.push(command, input);
    return { stdout: '', stderr: '', exitCode: 0 };
  };
  const open = async () => ({
    stdin: { end: () => {} },
    stdout: Readable.from(['Listening']),
    result: Promise.resolve(),
  });
  const session = { exec, connection: async () => ({ exec, open }) };
  const node = { name: 's4', address: HOSTILE, object: {}, session } as unknown as BenchNode;
  const pod = { node, address: HOSTILE, containerId: HOSTILE, pid: 7 };
  const tools: NodeTools = { host: pod, pod, peer: pod, service: { clusterIp: HOSTILE, nodePorts: new Map() } };
  return { told, node, pod, tools: new Map([['s4', tools]]) };
}

const cell = { path: 'pod', from: 's4', to: 's4' } as const;

describe('an address from the API is quoted', () => {
  it('for the environment of a node', async () => {
    const { told, node } = recorder();
    await readNodeFacts(node, signal);
    expect(told[0]).toBe(`bash -s -- ${QUOTED}`);
  });

  it.each(['tcp', 'round-trip'] as const)('for a cell with the test %s', async (test) => {
    const { told, tools } = recorder();
    const { network } = await loadPreset({ name: 'quick' });
    const rest = { round: 1, network, cores: 1, udpBitsPerSecond: 1e6, clock: startRunClock(), signal };
    await runCell({ cell: { ...cell, test }, tools, ...rest });
    expect(told[0]).toContain(` ${QUOTED} `);
    expect(told[0]?.replaceAll(QUOTED, '')).not.toContain(HOSTILE);
  });

  it('for DNS lookups', async () => {
    const { told, pod } = recorder();
    const load = { client: pod, nameserver: HOSTILE, name: 'kubernetes', dns: { rate: 1, seconds: 1 }, round: 1 };
    await expect(runDnsLoad({ ...load, signal })).rejects.toMatchObject({ code: 'dns-failed' });
    expect(told[0]).toContain(`-- lookups ${QUOTED} 53 kubernetes 1 `);
  });

  it('for packets that try the MTU', async () => {
    const { told, tools } = recorder();
    await checkMtu({ tools, cells: [{ ...cell, test: 'tcp' }], signal });
    // It reads nothing.
    expect(told.slice(-2)).toEqual([expect.stringMatching(new RegExp(` ${QUOTED}$`)), '']);
  });
});
