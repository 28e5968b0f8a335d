import { describe, expect, it } from 'vitest';
import type { ClusterStatus, Survey } from '../../src/cluster/cluster-status.js';
import { CHECKS, type CheckId } from '../../src/doctor/checks.js';
import { isHealthy, resultsOf } from '../../src/doctor/report.js';
import { type SurveyVerdictOptions, surveyVerdicts } from '../../src/doctor/survey-verdicts.js';
import { sampleFacts, sampleMount } from '../helpers/sample-facts.js';

const NOW = new Date('2026-11-30T12:00:00Z');
const inDays = (days: number): Date => new Date(NOW.getTime() + days * 86_400_000);

const NODE = { name: 's4', role: 'control-plane', down: [], kernel: [], putBack: 0, kubelet: 'v1.37.2' } as const;
const MEMBER = { name: 's4', isLearner: false, isLeader: true, version: '3.7.3', errors: [] };
const STATUS: ClusterStatus = {
  cluster: 'default',
  kubernetes: '1.37.2',
  etcd: '3.7.3',
  incarnation: 1,
  members: [MEMBER],
  nodes: [{ ...NODE, down: [], kernel: [] }],
  snapshot: undefined,
  copies: undefined,
  strays: [],
  authorities: [{ id: 'kubernetes', ends: inDays(3650) }],
};
const SURVEY: Survey = { status: STATUS, facts: new Map([['s4', sampleFacts()]]), objects: [] };
const WELL: SurveyVerdictOptions = {
  survey: SURVEY,
  findings: [],
  leaves: new Map([['s4', [{ name: 'kube-apiserver', ends: inDays(365) }]]]),
  apiVersions: new Map([['s4', 'v1.37.2']]),
  now: NOW,
};
const status = (changes: Partial<ClusterStatus>): SurveyVerdictOptions => ({
  ...WELL,
  survey: { ...SURVEY, status: { ...STATUS, ...changes } },
});
const facts = (changes: Parameters<typeof sampleFacts>[0]): SurveyVerdictOptions => ({
  ...WELL,
  survey: { ...SURVEY, facts: new Map([['s4', sampleFacts(changes)]]) },
});
const pressure = { type: 'DiskPressure', status: 'True', reason: 'R', message: 'kubelet has disk pressure' } as const;
const object = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 's4' },
  spec: {},
  status: { conditions: [pressure] },
};

/** Every failure as `check from: what: why`. */
const told = (options: SurveyVerdictOptions): string[] =>
  Object.entries(surveyVerdicts(options)).flatMap(([id, { failures }]) =>
    failures.map(({ from = '', what, why }) => `${id} ${from}: ${what}: ${why}`),
  );

describe('what is wrong as far as it can be read', () => {
  it('is nothing where all is well', () => expect(told(WELL)).toEqual([]));

  it.each<[string, SurveyVerdictOptions]>([
    ['nodes s4: : kubelet does not run', status({ nodes: [{ ...NODE, down: ['kubelet'], kernel: [] }] })],
    [
      'nodes s4: : cannot be looked at: no answer',
      status({ nodes: [{ ...NODE, down: [], kernel: [], unreached: 'no answer' }] }),
    ],
    ['api : no kube-apiserver answers: refused', status({ apiSilent: 'refused' })],
    ['etcd-members : no quorum answers: none', status({ noQuorum: 'none' })],
    ['etcd-members s4: : is a learner, which has no vote yet', status({ members: [{ ...MEMBER, isLearner: true }] })],
    ['etcd-alarms s4: etcd: NOSPACE', status({ members: [{ ...MEMBER, errors: ['NOSPACE'] }] })],
    ['certificates : : the etcd CA ends in 41 days', status({ authorities: [{ id: 'etcd', ends: inDays(41) }] })],
    [
      'certificates s4: : the one of kubelet ends in 29 days',
      { ...WELL, leaves: new Map([['s4', [{ name: 'kubelet', ends: inDays(29.5) }]]]) },
    ],
    [
      'certificates s4: : the certificate of kubelet has ended',
      { ...WELL, leaves: new Map([['s4', [{ name: 'kubelet', ends: inDays(-1) }]]]) },
    ],
    ["clock s4: : its clock is 40 s behind the operator's", facts({ clockSkewMs: -40_000 })],
    [
      'versions s4: kubelet: v1.36.5 in place of v1.37.2',
      status({ nodes: [{ ...NODE, down: [], kernel: [], kubelet: 'v1.36.5' }] }),
    ],
    [
      'versions s4: kube-apiserver: v1.36.5 in place of v1.37.2',
      { ...WELL, apiVersions: new Map([['s4', 'v1.36.5']]) },
    ],
    ['versions s4: etcd: 3.6.14 in place of 3.7.3', status({ members: [{ ...MEMBER, version: '3.6.14' }] })],
    ['resources s4: : 300 MiB of 8192 MiB of memory are available', facts({ memAvailableBytes: 300 * 1024 ** 2 })],
    ['resources s4: : / has 4 of 1000000 inodes free', facts({ mounts: { '/': sampleMount({ inodesFree: 4 }) } })],
    [
      'resources s4: : / has 9 MiB of 4096 MiB free',
      facts({ mounts: { '/': sampleMount({ availableBytes: 9 * 1024 ** 2 }) } }),
    ],
    [
      'resources s4: : its kubelet reports DiskPressure kubelet has disk pressure',
      { ...WELL, survey: { ...SURVEY, objects: [object] } },
    ],
    [
      'api s4: : a kube-apiserver does not reach its kubelet',
      {
        ...WELL,
        findings: [
          { code: 'node-not-ready', severity: 'error', node: 's4', message: 'it is not Ready' },
          {
            code: 'kubelet-not-reached',
            severity: 'error',
            node: 's4',
            message: 'a kube-apiserver does not reach its kubelet',
          },
        ],
      },
    ],
  ])('%s', (expected, options) => expect(told(options)).toEqual([expected]));

  it('in the middle of an upgrade components may be of either version', () => {
    const common = { cni: '1.10.0', sandboxImage: 'pause:1', dnsImage: 'dns:1' };
    const from = { kubernetes: '1.37.2', etcd: '3.7.3', ...common };
    const to = { kubernetes: '1.37.9', etcd: '3.7.4', ...common };
    const upgrade = { from, to, stage: 'nodes' as const, nodesAtOnce: 1 };
    const of = (kubelet: string) => [{ ...NODE, down: [], kernel: [], kubelet }];
    const members = [{ ...MEMBER, version: '3.7.4' }];
    expect(told(status({ upgrade, nodes: of('v1.37.9'), members }))).toEqual([]);
    const wrong = 'versions s4: kubelet: v1.36.5 in place of v1.37.2 or v1.37.9';
    expect(told(status({ upgrade, nodes: of('v1.36.5') }))).toEqual([wrong]);
  });

  it('a full file system that nobody can write to is none of our business', () => {
    const image = sampleMount({ path: '/usr', readOnly: true, availableBytes: 0, inodesFree: 0 });
    expect(told(facts({ mounts: { '/opt': image } }))).toEqual([]);
  });
});

describe('a report', () => {
  it('has every check once, in their order; what was not asked says why and is no failure', () => {
    const checks = resultsOf(surveyVerdicts(WELL), 'no pod is there');
    expect(checks.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
    const notAsked: CheckId[] = checks.filter((check) => check.notAsked === 'no pod is there').map(({ id }) => id);
    expect(notAsked[0]).toBe('node-ways');
    expect(isHealthy({ cluster: 'default', kubernetes: '1.37.2', nodes: [], checks })).toBe(true);
  });

  it('says for each check what holds where all is well, why that matters, and what to do', () => {
    for (const { id, asks, reason, remedy } of CHECKS) {
      for (const text of [asks, reason, remedy]) expect(text, id).toMatch(/^\S.*[^.\s]$/);
    }
  });
});
