import { describe, expect, it } from 'vitest';
import type { NodeWork, Reconciliation } from '../../../src/reconcile/reconciliation.js';
import { retirePast } from '../../../src/reconcile/steps/retire-past.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import { sampleFacts } from '../../helpers/sample-facts.js';
import { type Answer, fakeConnection, sessionOver, type Told } from '../fake-session.js';

const marker = { clusterId: 'c1', incarnation: 1, files: [], units: {}, images: [] };

function runWith(survivor: boolean, answer: Answer = () => ({})) {
  const { signal } = new AbortController();
  const told: Told[] = [];
  const link = fakeConnection((command) => {
    told.push(command);
    return answer(command);
  });
  const tally = new Map<string, { changes: number }>();
  const context = {
    signal,
    bus: createEventBus({ sinks: [], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    sessions: new Map([['s5', sessionOver('s5', [link], signal)]]),
    memory: { tally },
    judgement: {
      record: { clusterId: 'c1', etcd: { incarnation: 2 } },
      work: new Map([['s5', { survivor, facts: sampleFacts({ marker }) } as NodeWork]]),
    },
  } as unknown as Reconciliation;
  return { told, tally, retire: () => retirePast(context, { node: 's5', step: 'retire', signal, failed: new Set() }) };
}

describe('retirePast', () => {
  it('leaves a node of this incarnation alone', async () => {
    const { told, retire } = runWith(false);
    expect(await retire()).toBe('unchanged');
    expect(told).toEqual([]);
  });

  it('ends what runs first, and names the new incarnation last: what was interrupted is done again', async () => {
    const { told, tally, retire } = runWith(true);
    expect(await retire()).toBe('changed');
    expect(tally.get('s5')?.changes).toBe(1);
    const lines = String(told[0]?.input).trim().split('\n');
    expect(lines[2]).toMatch(/^systemctl stop kubelet\.service .*etcd\.service/);
    expect(lines.slice(-2)).toEqual([
      'printf \'%s %s\\n\' c1 2 >"$marker/cluster.$$"',
      'mv -f "$marker/cluster.$$" "$marker/cluster"',
    ]);
  });

  it('fails with what is still there', async () => {
    const { retire } = runWith(true, () => ({ exitCode: 1, stderr: 'containers of the past are still there: x' }));
    const failure = { code: 'remote-failed', host: 's5', detail: expect.stringContaining('still there: x') };
    await expect(retire()).rejects.toMatchObject(failure);
  });
});
