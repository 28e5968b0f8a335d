import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import type { Run } from '../../src/reconcile/context.js';
import type { FitNode } from '../../src/reconcile/hosts.js';
import { rehashed } from '../../src/reconcile/rehash.js';
import { type Answer, clusterOf, fakeConnection, sessionOver } from '../cluster/fake-session.js';
import { sampleFacts, sampleSpec } from '../helpers/sample-facts.js';

const spec = sampleSpec();
const HASH = 'a'.repeat(64);
const PATH = '/opt/bin/kubelet';
const GONE = '/opt/bin/etcd';

/** The three nodes of the sample, each with a file that no longer looks as it was installed. */
function runWith(answers: Record<string, Answer>, signal = new AbortController().signal) {
  const marker = {
    clusterId: 'c',
    incarnation: 1,
    files: [
      { path: PATH, sha256: HASH, mode: 0o755, stamp: '100000000:1:2:3', currentStamp: '100000000:1:2:4' },
      { path: GONE, sha256: HASH, mode: 0o755, stamp: '900000000:1:2:3' },
    ],
    units: {},
    images: [],
  };
  const fit = spec.nodes.map(
    (node): FitNode => ({ node, facts: sampleFacts({ marker }), nodeIp: '10.146.225.4', linkName: 'eth0' }),
  );
  const intact: Answer = () => ({ stdout: `${HASH}  ${PATH}\n` });
  const cluster = clusterOf(
    spec.nodes.map(({ name }) => sessionOver(name, [fakeConnection(answers[name] ?? intact)], signal)),
  );
  const context = { signal, cluster, options: { verifyAll: true } } as unknown as Run;
  return rehashed(context, { fit, rejected: new Map() });
}

const fails = (code: string): Answer => {
  return () => Promise.reject(new DisklessError({ code, message: code }));
};

describe('rehashed', () => {
  it('tells the hash of every file, and of one that is gone an empty one', async () => {
    const { fit, hashes } = await runWith({ s5: () => ({ exitCode: 1, stderr: 'no such file' }) });
    expect(fit).toHaveLength(3);
    expect(hashes.get('s4')).toEqual(new Map([[PATH, HASH]]));
    expect(hashes.get('s5')).toEqual(new Map([[PATH, '']]));
  });

  it.each(['rebooted', 'timeout'])('a node that fails with %s takes no part, the others do', async (code) => {
    const { fit, rejected, hashes } = await runWith({ s5: fails(code) });
    expect(fit.map(({ node }) => node.name)).toEqual(['s4', 's6']);
    expect([...rejected.keys()]).toEqual(['s5']);
    expect(rejected.get('s5')).toMatchObject({ code });
    expect([...hashes.keys()]).toEqual(['s4', 's6']);
  });

  it('may take the longer the more there is to hash', async () => {
    const limits: unknown[] = [];
    await runWith({ s4: ({ timeoutMs }) => ({ stdout: `${limits.push(timeoutMs)}` }) });
    expect(limits).toEqual([60_000 + 10_000]);
  });

  it('does not take an abort or a bug of ours for the failure of a node', async () => {
    await expect(runWith({ s5: () => Promise.reject(new TypeError('oops')) })).rejects.toThrow('oops');
    const stop = new AbortController();
    const run = runWith({ s5: fails('aborted') }, stop.signal);
    stop.abort();
    await expect(run).rejects.toMatchObject({ code: 'aborted' });
  });
});
