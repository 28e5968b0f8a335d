import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/bench/measure/manifests.js';
import { complaintOf, hasStopped, observableStages, stagesReached } from '../../../src/bench/measure/pod-stages.js';

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

it('sandboxes are told of by later kubelets only', () => {
  expect(observableStages('1.20.2')).not.toContain('sandboxReady');
  expect(observableStages('1.36.4')).toContain('sandboxReady');
});

describe('hasStopped', () => {
  const deleted = (containerStatuses: NonNullable<Pod['status']>['containerStatuses'] = []): Pod => ({
    ...pod({ nodeName: 's4' }, { phase: 'Running', containerStatuses }),
    metadata: { name: 'p', deletionTimestamp: '2026-11-21T15:26:47Z' },
  });
  const ended = { name: 'a', state: { terminated: { reason: 'Completed' } } };
  /** As a kubelet of 1.20.2 told it for a minute. */
  const lostTrack = {
    name: 'b',
    lastState: { terminated: { reason: 'ContainerStatusUnknown' } },
    state: { waiting: { reason: 'ContainerCreating' } },
  };

  it('is when every container has ended, or is no longer to be found', () => {
    expect(hasStopped(deleted([ended, lostTrack]))).toBe(true);
  });

  it.each([
    ['before any container was told of', []],
    ['while one runs', [ended, { name: 'b', state: { running: {} } }]],
    ['while one runs again that was lost track of', [{ ...lostTrack, state: { running: {} } }]],
    ['while one is being made', [ended, { name: 'b', state: { waiting: { reason: 'ContainerCreating' } } }]],
  ])('is not %s', (_case, statuses) => {
    expect(hasStopped(deleted(statuses))).toBe(false);
  });

  it('is not while nobody wants it gone', () => {
    expect(hasStopped(pod({ nodeName: 's4' }, { containerStatuses: [ended] }))).toBe(false);
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
