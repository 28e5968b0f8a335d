import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  ACCEPTED_FILES,
  type AcceptedFlags,
  acceptedFlags,
  KUBERNETES_COMPONENTS,
  type KubernetesComponent,
} from '../../src/config/accepted-flags.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import { acceptedText } from './accepted-flags.js';

function answers(of: (component: KubernetesComponent) => AcceptedFlags): Record<KubernetesComponent, AcceptedFlags> {
  const entries = KUBERNETES_COMPONENTS.map((component) => [component, of(component)]);
  return Object.fromEntries(entries) as Record<KubernetesComponent, AcceptedFlags>;
}

it('a gate that all components have alike stands once, every other one with its component', () => {
  const shared = { stage: 'beta', default: true } as const;
  const text = acceptedText(
    '1.37.2',
    answers((component) => {
      const isKubelet = component === 'kubelet';
      return {
        flags: ['v'],
        gates: {
          Shared: shared,
          Unlike: { stage: 'GA', default: true, ...(isKubelet && { locked: true as const }) },
          ...(isKubelet && { Own: shared }),
        },
      };
    }),
  );
  expect(text.split('\n').filter((line) => line.includes('stage'))).toEqual([
    '  "Shared": { "stage": "beta", "default": true }',
    ...['', '', ''].map(() => '    "Unlike": { "stage": "GA", "default": true }'),
    '    "Unlike": { "stage": "GA", "default": true, "locked": true },',
    '    "Own": { "stage": "beta", "default": true }',
    '    "Unlike": { "stage": "GA", "default": true }',
  ]);
});

it.each(VERSION_TABLE)('the list of 1.$minor is written by it', ({ minor, kubernetes }) => {
  const written = readFileSync(new URL(`1.${minor}.json`, ACCEPTED_FILES), 'utf8');
  expect(
    acceptedText(
      kubernetes,
      answers((component) => acceptedFlags(minor, component)),
    ),
  ).toBe(written);
});
