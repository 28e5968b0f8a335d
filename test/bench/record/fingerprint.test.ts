import { describe, expect, test } from 'vitest';
import { loadPreset } from '../../../src/bench/preset/load-preset.js';
import type { Preset } from '../../../src/bench/preset/preset-schema.js';
import type { Environment } from '../../../src/bench/record/environment-schema.js';
import { drift, fingerprintOf } from '../../../src/bench/record/fingerprint.js';
import { syntheticEnvironment } from '../../helpers/synthetic-run/environment.js';

const environment = (): Environment =>
  syntheticEnvironment({ nodes: ['s4', 's5', 's6'], networkMode: 'routed', kubernetes: '1.36.4' });
const preset: Preset = await loadPreset({ name: 'standard' });
const changes = (change: (environment: Environment, preset: Preset) => void) => {
  const [other, otherPreset] = [environment(), structuredClone(preset)];
  change(other, otherPreset);
  return drift(fingerprintOf(environment(), preset), fingerprintOf(other, otherPreset));
};

test('equal conditions, equal fingerprint', () => {
  expect(fingerprintOf(environment(), preset).hash).toMatch(/^[0-9a-f]{16}$/);
  expect(changes(() => {})).toEqual([]);
});

test('the order of nodes does not matter', () => {
  expect(changes(({ nodes }) => void nodes.reverse())).toEqual([]);
});

describe('what makes a run another one', () => {
  test.each<[string, (environment: Environment, preset: Preset) => void, { field: string; a: string; b: string }]>([
    [
      'a kernel on one node',
      ({ nodes }) => Object.assign(nodes[1] ?? {}, { kernel: '6.12' }),
      { field: 'kernel', a: '6.6.100-flatcar (s4, s5, s6)', b: '6.6.100-flatcar (s4, s6), 6.12 (s5)' },
    ],
    [
      'the network mode',
      ({ cluster }) => Object.assign(cluster, { networkMode: 'vxlan' }),
      { field: 'network mode', a: 'routed', b: 'vxlan' },
    ],
    [
      'the length of a cell',
      (_environment, { network }) => Object.assign(network, { seconds: 10 }),
      { field: 'network.seconds', a: '5', b: '10' },
    ],
    [
      'pods per round',
      (_environment, { pods }) => Object.assign(pods, { count: 600 }),
      { field: 'pods.perRound', a: '60', b: '120' },
    ],
  ])('%s', (_name, change, expected) => {
    expect(changes(change)).toEqual([expected]);
  });

  test('a node less', () => {
    const fields = changes(({ nodes }) => void nodes.pop()).map(({ field }) => field);
    expect(fields).toContain('kernel');
  });
});

describe('what does not', () => {
  test.each<[string, (environment: Environment, preset: Preset) => void]>([
    ['another boot', ({ nodes }) => Object.assign(nodes[0] ?? {}, { bootId: 'other' })],
    [
      'more rounds of the same',
      (_environment, values) => Object.assign(values, { rounds: 10, pods: { ...values.pods, count: 600 } }),
    ],
    ['stricter limits', (_environment, { limits }) => Object.assign(limits, { cpuBusy: 0.1 })],
    ['another operator', ({ operator }) => Object.assign(operator, { kernel: '5.10' })],
  ])('%s', (_name, change) => {
    expect(changes(change)).toEqual([]);
  });
});

test('a field that an older run did not record is a difference', () => {
  const now = fingerprintOf(environment(), preset);
  const { qdisc: _qdisc, ...fields } = now.fields;
  expect(drift({ hash: 'older', fields }, now)).toEqual([
    { field: 'qdisc', a: 'not recorded', b: 'noqueue (s4, s5, s6)' },
  ]);
});
