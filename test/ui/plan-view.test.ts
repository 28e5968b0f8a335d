import { expect, test } from 'vitest';
import type { ClusterPlan, NodePlan, PlanAction } from '../../src/plan/plan.js';
import { planLines } from '../../src/ui/plan-view.js';
import { nodeNames } from './sample-runs.js';

const blankWork = (): PlanAction[] => [
  { kind: 'install', subject: '/opt/bin/kubelet', reason: 'missing', bytes: 110_000_000 },
  ...Array.from({ length: 30 }, (_, index): PlanAction => {
    return { kind: 'install', subject: `/etc/kubernetes/file-${index}`, reason: 'missing', bytes: 1_200 };
  }),
  { kind: 'import-image', subject: 'registry.k8s.io/pause:3.6', reason: 'missing', bytes: 700_000 },
  { kind: 'start', subject: 'kubelet.service', reason: 'not running' },
  { kind: 'note', subject: 's4', reason: 'its clock is 3 h off and will be set' },
];

const blank = (name: string): NodePlan => ({ name, role: 'worker', state: 'blank', actions: blankWork() });
const converged = (name: string): NodePlan => ({ name, role: 'worker', state: 'converged', actions: [] });

const COLD: ClusterPlan = {
  verdict: { code: 'bootstrap', message: 'start the first incarnation on s4' },
  nodes: [{ ...blank('s4'), role: 'control-plane' }, blank('s5'), blank('s6')],
  notes: ['the DNS add-on is left out: its image is not at hand'],
};

const CHANGED: ClusterPlan = {
  verdict: { code: 'healthy', message: 'three members, quorum proven: nothing to do' },
  nodes: [
    {
      name: 's4',
      role: 'control-plane',
      state: 'differs',
      actions: [
        {
          kind: 'replace',
          subject: '/etc/systemd/system/kube-apiserver.service',
          reason: 'its content differs',
          bytes: 2_311,
        },
        { kind: 'remove', subject: '/etc/kubernetes/audit.yaml', reason: 'no longer wanted' },
        {
          kind: 'restart',
          subject: 'kube-apiserver.service',
          reason: 'its configuration changed',
          disruption: 'apiserver',
        },
      ],
    },
    converged('s5'),
    converged('s6'),
    { name: 's7', role: 'worker', state: 'unreachable', actions: [] },
  ],
  notes: [],
};

const IDLE: ClusterPlan = { ...CHANGED, nodes: nodeNames(40).map(converged) };

test.each([
  ['cold', { plan: COLD, width: 80 }],
  ['cold-verbose', { plan: COLD, width: 120, verbose: true }],
  ['changed', { plan: CHANGED, width: 120 }],
  ['changed-narrow', { plan: CHANGED, width: 60 }],
  ['idle', { plan: IDLE, width: 80 }],
])('%s', async (name, options) => {
  await expect(`${planLines(options).join('\n')}\n`).toMatchFileSnapshot(`../golden/ui/plan-${name}.txt`);
});
