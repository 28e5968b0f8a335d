import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/bench/measure/manifests.js';
import { complaintOf, stagesReached } from '../../../src/bench/measure/pod-stages.js';

function pod(spec: Pod['spec'], status: Pod['status'] = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec, status };
}

describe('stagesReached', () => {
  it('takes each from what says so', () => {
    expect(stagesReached(pod({}))).toEqual(['added']);
    expect(stagesReached(pod({ nodeName: 's4' }))).toEqual(['added', 'scheduled']);
    const conditions = [{ type: 'PodReadyToStartContainers', status: 'True' }];
    expect(stagesReached(pod({ nodeName: 's4' }, { conditions }))).toEqual(['added', 'scheduled', 'sandboxReady']);
    const containerStatuses = [{ name: 'a', state: { running: {} } }];
    const ready = { conditions: [{ type: 'Ready', status: 'True' }], containerStatuses };
    expect(stagesReached(pod({ nodeName: 's4' }, ready))).toEqual(['added', 'scheduled', 'running', 'ready']);
  });

  it('is not running before all containers are, whatever the phase says', () => {
    const containerStatuses = [
      { name: 'a', state: { running: {} } },
      { name: 'b', state: { waiting: {} } },
    ];
    expect(stagesReached(pod({ nodeName: 's4' }, { phase: 'Running', containerStatuses }))).not.toContain('running');
  });
});

describe('complaintOf', () => {
  it('is the kubelet’s own', () => {
    const waiting = { reason: 'ErrImageNeverPull', message: 'not present' };
    const containerStatuses = [{ name: 'a', state: { waiting } }];
    expect(complaintOf(pod({}, { containerStatuses }))).toBe('ErrImageNeverPull: not present');
  });

  it('is none while it is only being made', () => {
    const containerStatuses = [{ name: 'a', state: { waiting: { reason: 'ContainerCreating' } } }];
    expect(complaintOf(pod({}, { phase: 'Pending', containerStatuses }))).toBeUndefined();
  });
});
