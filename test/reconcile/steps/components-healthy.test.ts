import { describe, expect, it } from 'vitest';
import { NodeSession } from '../../../src/cluster/node-session.js';
import type { AtWork } from '../../../src/reconcile/context.js';
import { componentsHealthy } from '../../../src/reconcile/steps/components-healthy.js';
import type { Connection, ExecOptions } from '../../../src/ssh/transport.js';
import { clusterOf } from '../../cluster/fake-session.js';
import { sampleNode, sampleSpec } from '../../helpers/sample-facts.js';

/** A run with one control plane whose machine answers the health script so. */
function runWith(answer: string, waitedS = 0) {
  const asked: string[] = [];
  const givenUp: string[][] = [];
  const times = [0, waitedS * 1000];
  const saved = new Map<string, string>();
  const { signal } = new AbortController();
  const connection = {
    closed: new Promise<undefined>(() => {}),
    exec: async (command: string, { label }: ExecOptions) => {
      asked.push(command);
      const stdout = command.startsWith('journalctl') ? 'unknown flag: --no-such-flag\n' : answer;
      return { host: 's4', label, exitCode: 0, signal: null, stdout, stderr: '', durationMs: 1 };
    },
  };
  const session = new NodeSession({ name: 's4', open: async () => connection as unknown as Connection, signal });
  const context = {
    signal,
    readiness: { giveUp: (...words: string[]) => givenUp.push(words) },
    cluster: clusterOf([session]),
    work: { node: sampleNode() },
    options: {
      spec: sampleSpec(),
      readyTimeoutMs: 45_000,
      clock: { monotonicMs: () => times.shift() ?? 0, sleep: () => new Promise(() => {}) },
      state: {
        saveEvidence: async (name: string, text: string) => {
          saved.set(name, text);
          return `/runs/1/${name}`;
        },
      },
    },
  } as unknown as AtWork;
  return {
    asked,
    givenUp,
    saved,
    look: () => componentsHealthy(context, { node: 's4', step: 'healthy', signal, failed: new Set() }),
  };
}

describe('componentsHealthy', () => {
  it('costs a healthy node one round trip, and asks every component', async () => {
    const run = runWith('');
    expect(await run.look()).toEqual({ outcome: 'unchanged', gives: 'well' });
    expect(run.asked).toHaveLength(1);
    expect(run.asked[0]).toMatch(/^bash -s -- 45 /);
    for (const port of [10257, 10259, 10256, 10248]) expect(run.asked[0]).toContain(`:${port}/healthz`);
  });

  it('fails with the unit, its log saved and its last lines shown', async () => {
    const run = runWith('Welcome!\nunhealthy kube-controller-manager.service does not answer\n');
    await expect(run.look()).rejects.toMatchObject({
      code: 'component-unhealthy',
      host: 's4',
      exit: 4,
      message: expect.stringMatching(/^kube-controller-manager\.service does not answer/),
      hint: expect.stringContaining('/runs/1/s4-kube-controller-manager.service.log'),
      detail: 'unknown flag: --no-such-flag',
    });
    expect([...run.saved.keys()]).toEqual(['s4-kube-controller-manager.service.log']);
  });

  it.each([
    ['kubelet.service keeps ending: systemd started it again 15 times', 20],
    ['containerd.service has ended: no runtime', 1],
  ])('lets nobody wait for a node without it: %s', async (failing, waitedS) => {
    const run = runWith(`unhealthy ${failing}\n`, waitedS);
    await expect(run.look()).rejects.toMatchObject({ code: 'component-unhealthy' });
    expect(run.givenUp).toEqual([['s4', failing]]);
  });

  it.each([
    ['what a node can become Ready without', 'kube-proxy.service keeps ending: systemd started it again 15 times', 20],
    ['what only took longer than its time', 'kubelet.service does not answer', 45],
  ])('does not give a node up for %s', async (_, failing, waitedS) => {
    const run = runWith(`unhealthy ${failing}\n`, waitedS);
    await expect(run.look()).rejects.toMatchObject({ code: 'component-unhealthy' });
    expect(run.givenUp).toEqual([]);
  });

  it('asks containerd for its CRI plugin, and tells how it comes back', async () => {
    const why = 'runs, but its CRI plugin does not: no runtime';
    const run = runWith(`unhealthy containerd.service ${why}\n`);
    await expect(run.look()).rejects.toMatchObject({
      code: 'component-unhealthy',
      message: expect.stringContaining(`containerd.service ${why}`),
      hint: expect.stringMatching(/s4-containerd\.service\.log; once the reason is gone, .* run up again$/),
    });
    expect(run.asked[0]).toContain(' /opt/bin/k8s-diskless-containerd ');
  });
});
