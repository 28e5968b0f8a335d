import { describe, expect, it } from 'vitest';
import { componentsFor } from '../../src/components/all.js';
import { acceptedFlags, KUBERNETES_COMPONENTS } from '../../src/config/accepted-flags.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import { contextOf, flatcar } from './fixture.js';
import { flagNames } from './unit-commands.js';

describe.each(VERSION_TABLE)('Kubernetes $kubernetes', ({ minor, kubernetes }) => {
  /** The units of a control plane and of a worker, with all that adds flags. */
  const nodes = ([1, 3] as const).flatMap((count) =>
    ['s4', 's7'].map((node) => {
      const context = contextOf(node, {
        kubernetes,
        controlPlanes: count,
        traits: flatcar('2.2.5'),
        spec: (spec) => {
          spec.taintControlPlane = true;
          spec.apiServer.audit = { policy: '', maxSizeMiB: 16, maxBackups: 2 };
          for (const each of spec.nodes) each.labels = { rack: 'b' };
        },
      });
      return componentsFor(context);
    }),
  );

  it.each(KUBERNETES_COMPONENTS)('%s accepts every flag of its unit', (component) => {
    const ours = nodes.flatMap((components) => flagNames(components, `${component}.service`));
    const { flags } = acceptedFlags(minor, component);
    expect(ours).not.toEqual([]);
    expect(ours.filter((flag) => !flags.includes(flag))).toEqual([]);
  });
});
