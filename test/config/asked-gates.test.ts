import { expect, test } from 'vitest';
import { gatesOfConfig, gatesOfFlag } from '../../src/config/asked-gates.js';

const brief = (text: string) => gatesOfFlag(text, ['x']).map(({ name, value }) => [name, value]);

test.each<[string, ReturnType<typeof brief>]>([
  ['', []],
  ['A=true', [['A', true]]],
  [
    'A=false,kube:B=1, C = F , kube : D=t',
    [
      ['A', false],
      ['B', true],
      ['C', false],
      ['D', true],
    ],
  ],
  [
    ',,A=yes,B,=,C=true=true',
    [
      ['A', undefined],
      ['B', undefined],
      ['C', undefined],
    ],
  ],
  ['other:A=true', [['other:A', true]]],
])('%j', (text, gates) => expect(brief(text)).toEqual(gates));

test('of a KubeletConfiguration each has its place', () => {
  const path = ['kubelet', 'extraConfig', 'featureGates'];
  expect(gatesOfConfig({ A: true, B: 'true' }, path)).toEqual([
    { name: 'A', value: true, path: [...path, 'A'] },
    { name: 'B', value: undefined, path: [...path, 'B'] },
  ]);
});
