import { describe, expect, it } from 'vitest';
import { healthEndpoints } from '../../src/components/health.js';
import type { ClusterSpec } from '../../src/config/spec.js';
import { sampleNode, sampleSpec } from '../helpers/sample-facts.js';

const urls = (changes: Partial<ClusterSpec> = {}, role: 'control-plane' | 'worker' = 'control-plane') =>
  Object.fromEntries(
    healthEndpoints({ spec: sampleSpec(changes), node: sampleNode({ role }) }).map(({ unit, url }) => [unit, url]),
  );

describe('healthEndpoints', () => {
  it('are the defaults of every version', () => {
    expect(urls()).toEqual({
      'kube-controller-manager.service': 'https://127.0.0.1:10257/healthz',
      'kube-scheduler.service': 'https://127.0.0.1:10259/healthz',
      'kube-proxy.service': 'http://127.0.0.1:10256/healthz',
      'kubelet.service': 'http://127.0.0.1:10248/healthz',
    });
    expect(Object.keys(urls({}, 'worker'))).toEqual(['kube-proxy.service', 'kubelet.service']);
  });

  it('are looked for where the configuration moved them', () => {
    const moved = urls({
      controllerManager: { extraArgs: { 'secure-port': '20257', 'bind-address': '0.0.0.0' } },
      scheduler: { extraArgs: { 'bind-address': 'fd00::4' } },
      kubelet: { extraConfig: { healthzPort: 20248, healthzBindAddress: '10.0.0.4' } },
    });
    expect(moved).toMatchObject({
      'kube-controller-manager.service': 'https://127.0.0.1:20257/healthz',
      'kube-scheduler.service': 'https://[fd00::4]:10259/healthz',
      'kubelet.service': 'http://10.0.0.4:20248/healthz',
    });
  });

  it('are left out where the configuration switched them off', () => {
    const off = urls({
      scheduler: { extraArgs: { 'secure-port': '0' } },
      kubelet: { extraConfig: { healthzPort: 0 } },
    });
    expect(Object.keys(off)).toEqual(['kube-controller-manager.service', 'kube-proxy.service']);
  });
});
