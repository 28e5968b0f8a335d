import { describe, expect, it } from 'vitest';
import { type Ask, asksOf } from '../../src/doctor/asks.js';
import type { CheckId } from '../../src/doctor/checks.js';
import { talliesOf } from '../../src/doctor/send-traffic.js';
import { SPEC, siteNodes } from './sample-site.js';

const nodes = siteNodes(['s4', 's5', 's6']);
const asks = asksOf({ spec: SPEC, nodes });
const wordsOf = (check: CheckId, from: string, of: readonly Ask[] = asks): string[] =>
  of.filter((ask) => ask.check === check && ask.from === from).map(({ place, to, word }) => `${place} ${to} ${word}`);

describe('what is asked of a network', () => {
  it('all pairs of pods, and a second pod of the same node', () => {
    expect(wordsOf('pod-to-pod', 's5')).toEqual([
      'pod s4 open=10.244.0.9:20571',
      'peer s5 open=10.244.1.9:20571',
      'pod s6 open=10.244.2.9:20571',
    ]);
    // As large as its link takes, without the headers of an echo.
    expect(wordsOf('large-packets', 's4')).toContain('pod s6 whole=10.244.2.9,1422');
  });

  it('services from pods and from nodes, and from a pod its own one', () => {
    expect(wordsOf('hairpin', 's6')).toEqual(['pod s6 open=10.96.7.2:20571']);
    expect(wordsOf('services', 's6')).toEqual([
      'pod s4 open=10.96.7.0:20571',
      'node s4 open=10.96.7.0:20571',
      'pod s5 open=10.96.7.1:20571',
      'node s5 open=10.96.7.1:20571',
      'node s6 open=10.96.7.2:20571',
    ]);
  });

  it('each node’s port, for a pod of another one', () => {
    expect(wordsOf('node-ports', 's4').filter((word) => word.startsWith('pod'))).toEqual([
      'pod s4 open=10.0.0.4:30002',
      'pod s5 open=10.0.0.5:30003',
      'pod s6 open=10.0.0.6:30001',
    ]);
  });

  it('names of services, and one outside only where it is given', () => {
    const inside = 'pod undefined dns=10.96.0.10,n0.k8s-diskless-doctor.svc.cluster.local,10.96.7.0';
    expect(wordsOf('dns', 's4')).toEqual([inside]);
    expect(wordsOf('dns-outside', 's4')).toEqual([]);
    const outside = asksOf({ spec: SPEC, nodes, outside: 'example.org' });
    expect(wordsOf('dns-outside', 's4', outside)).toEqual(['pod undefined dns=10.96.0.10,example.org,*']);
  });

  it('nothing of a DNS that is not ours, and no gateways of a pod network that is not ours', () => {
    const dns = { ...SPEC.addons.dns, enabled: false };
    const foreign = { ...SPEC, addons: { dns }, network: { ...SPEC.network, mode: 'manifest' as const } };
    const asked = asksOf({ spec: foreign, nodes });
    expect(wordsOf('dns', 's4', asked)).toEqual([]);
    expect(wordsOf('node-ways', 's4', asked)).toHaveLength(2);
    expect(wordsOf('pod-to-pod', 's4', asked)).toHaveLength(3);
  });

  it('no node asks the same twice at one place, since answers are told apart by their words', () => {
    for (const alone of [nodes, siteNodes(['s4'])]) {
      const all = asksOf({ spec: SPEC, nodes: alone, outside: 'example.org' });
      const keys = all.map(({ from, place, word }) => `${from} ${place} ${word}`);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});

it('what failed is counted by check, and told with its pair and way', () => {
  const [lost] = asks.filter(({ check, from, to }) => check === 'pod-to-pod' && from === 's4' && to === 's6');
  const tallies = talliesOf(asks, lost === undefined ? [] : [{ ...lost, why: 'no answer within 4 s' }]);
  expect(tallies['pod-to-pod']).toEqual({
    asked: 9,
    failures: [
      { from: 's4', to: 's6', what: 'from its pod to the pod of s6 (10.244.2.9)', why: 'no answer within 4 s' },
    ],
  });
  expect(tallies.services).toEqual({ asked: 15, failures: [] });
});
