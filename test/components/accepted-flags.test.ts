import { describe, expect, it } from 'vitest';
import { componentsFor } from '../../src/components/roster.js';
import { acceptedFlags, KUBERNETES_COMPONENTS } from '../../src/config/accepted-flags.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import { contextOf, flatcar, withEveryFlag } from './fixture.js';
import { flagNames } from './unit-commands.js';

describe.each(VERSION_TABLE)('Kubernetes $kubernetes', ({ minor, kubernetes }) => {
  /** The units of one control plane and of one of three, with all that adds flags. */
  const nodes = ([1, 3] as const).map((controlPlanes) =>
    componentsFor(contextOf('s4', { kubernetes, controlPlanes, traits: flatcar('2.2.5'), spec: withEveryFlag })),
  );

  it.each(KUBERNETES_COMPONENTS)('%s accepts every flag of its unit', (component) => {
    const ours = nodes.flatMap((components) => flagNames(components, `${component}.service`));
    const { flags } = acceptedFlags(minor, component);
    expect(ours).not.toEqual([]);
    expect(ours.filter((flag) => !flags.includes(flag))).toEqual([]);
  });
});
