import { expect, it } from 'vitest';
import { doctorLines } from '../../src/doctor/doctor-view.js';
import { type DoctorReport, resultsOf, type Tallies } from '../../src/doctor/report.js';

const ok = { asked: 3, failures: [] };
const WELL: Tallies = {
  ...{ nodes: ok, api: ok, 'etcd-members': ok, 'etcd-alarms': ok, certificates: ok, clock: ok, versions: ok },
  ...{ resources: ok, 'node-ways': ok, 'pods-start': ok, 'pod-to-pod': ok, 'large-packets': ok, hairpin: ok },
  ...{ services: ok, 'node-ports': ok, dns: ok, webhooks: ok },
};
const report = (tallies: Tallies): DoctorReport => ({
  cluster: 'default',
  kubernetes: '1.37.2',
  nodes: ['s4', 's5', 's6'],
  checks: resultsOf(tallies, 'no name is given (--outside NAME)'),
});
const shown = (tallies: Tallies): string => `${doctorLines({ report: report(tallies), width: 100 }).join('\n')}\n`;
const golden = (name: string): string => `../golden/ui/${name}.txt`;

it('a cluster that is well: one line for each check', () =>
  expect(shown(WELL)).toMatchFileSnapshot(golden('doctor-well')));

it('a cluster that is not: pair, way, reason and remedy below the check', () => {
  const pairs = Array.from({ length: 14 }, (_, index) => `m${index}`);
  const ill: Tallies = {
    ...WELL,
    nodes: { asked: 3, failures: [{ from: 's6', what: '', why: 'kube-proxy does not run' }] },
    'pod-to-pod': {
      asked: 9,
      failures: [
        { from: 's4', to: 's6', what: 'from its pod to the pod of s6 (10.244.2.9)', why: 'no answer within 4 s' },
      ],
    },
    services: {
      asked: 99,
      failures: pairs.map((to) => ({ from: 's6', to, what: 'the service', why: 'no \u001b[31manswer' })),
    },
  };
  return expect(shown(ill)).toMatchFileSnapshot(golden('doctor-ill'));
});
