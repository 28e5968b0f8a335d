import { describe, expect, it } from 'vitest';
import type { ContentSource } from '../../src/delivery/content-source.js';
import { usageError } from '../../src/errors.js';
import type { NodeFacts } from '../../src/facts/facts.js';
import type { Run } from '../../src/reconcile/context.js';
import { preflightNodes } from '../../src/reconcile/preflight-nodes.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { OPERATOR, sampleFacts, sampleSpec } from '../helpers/sample-facts.js';

const GIB = 1024 ** 3;

/** The three nodes of the sample, with these differences, and content for amd64 only. */
function runWith(changes: Record<string, Partial<NodeFacts>>, archs = ['amd64'], record?: ClusterRecord) {
  const notes: string[] = [];
  const content: Partial<ContentSource> = {
    artifacts: async (arch) => {
      if (archs.includes(arch)) return new Map([['kube-apiserver', { sha256: 'a', size: 4 * GIB }]]);
      throw usageError({ code: 'artifact-missing', message: `nothing for ${arch}`, hint: 'copy it' });
    },
    images: async () => [],
  };
  const facts = ['s4', 's5', 's6'].map((name, index): [string, NodeFacts] => {
    const address = `10.146.225.${4 + index}`;
    const own = {
      hostname: name,
      bootId: name,
      sshAddress: address,
      addresses: [{ link: 'eth0', address, prefix: 24, family: 4 as const }],
    };
    return [name, sampleFacts({ ...own, cgroupVersion: 1, ...changes[name] })];
  });
  const context = {
    memory: { record },
    bus: { emit: ({ code }: { code: string }) => notes.push(code) },
    options: { spec: sampleSpec({ kubernetes: '1.37.2' }), content },
  } as unknown as Run;
  return { notes, check: () => preflightNodes(context, new Map(facts)) };
}

const big: Partial<NodeFacts> = {
  memAvailableBytes: 16 * GIB,
  mounts: { '/': { ...sampleFacts().mounts['/'], availableBytes: 8 * GIB } as NodeFacts['mounts'][string] },
};

describe('preflightNodes', () => {
  it('takes what passed, and names on every other node all that is wrong with it', async () => {
    const run = runWith({ s4: big, s5: { tools: {}, swap: true }, s6: { hostname: 'localhost' } });
    const { fit, rejected } = await run.check();
    expect(fit.map(({ node, nodeIp }) => [node.name, nodeIp])).toEqual([
      ['s4', '10.146.225.4'],
      ['s6', '10.146.225.6'],
    ]);
    expect(rejected.get('s5')).toMatchObject({ code: 'preflight', host: 's5', exit: 4 });
    expect(run.notes).toEqual(['swap', 'hostname']);
  });

  it('asks a worker for no room for what only control planes hold', async () => {
    const { rejected } = await runWith({}).check();
    expect([...rejected.keys()]).toEqual(['s4']);
  });

  it('takes no node that ran another Kubernetes and was not rebooted since', async () => {
    const etcd = { incarnation: 4, phase: 'bootstrapped' as const, token: '', members: [], bootIds: {} };
    const record = (changes: Partial<ClusterRecord['spec']>, versionSince?: number): ClusterRecord => ({
      clusterId: 'cafe',
      operator: OPERATOR,
      spec: sampleSpec(changes),
      etcd: { ...etcd, ...(versionSince !== undefined && { versionSince }) },
    });
    const marked = (incarnation: number): Partial<NodeFacts> => ({
      marker: { clusterId: 'cafe', incarnation, files: [], units: {}, images: [] },
    });
    const rejectedOf = async (known: ClusterRecord) => {
      const run = runWith({ s4: big, s5: marked(3), s6: marked(4) }, ['amd64'], known);
      return (await run.check()).rejected;
    };
    expect((await rejectedOf(record({}))).size).toBe(0);
    const since = await rejectedOf(record({}, 4));
    expect([...since.keys()]).toEqual(['s5']);
    expect(since.get('s5')).toMatchObject({ code: 'not-rebooted', hint: expect.stringContaining('reboot it') });
    expect([...(await rejectedOf(record({ kubernetes: '1.20.2' }))).keys()]).toEqual(['s5', 's6']);
  });

  it('keeps a foreign architecture to its own node', async () => {
    const { fit, rejected } = await runWith({ s4: big, s6: { arch: 'riscv64' } }).check();
    expect(fit.map(({ node }) => node.name)).toEqual(['s4', 's5']);
    expect(rejected.get('s6')).toMatchObject({ code: 'architecture', host: 's6' });
  });

  it('keeps an architecture without artifacts to its own nodes', async () => {
    const { fit, rejected } = await runWith({ s4: big, s6: { arch: 'aarch64' } }).check();
    expect(fit.map(({ node }) => node.name)).toEqual(['s4', 's5']);
    expect(rejected.get('s6')).toMatchObject({ code: 'artifact-missing', host: 's6', hint: 'copy it' });
  });

  it('does not blame the nodes when there is nothing for any of them', async () => {
    await expect(runWith({}, []).check()).rejects.toMatchObject({ code: 'artifact-missing', exit: 2 });
  });
});
