import { describe, expect, it } from 'vitest';
import { componentsFor, MANAGED_UNITS } from '../../src/components/roster.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import { loadProfiles } from '../../src/pki/profiles.js';
import { contextOf, flatcar, LAB } from './fixture.js';
import { flagNames } from './unit-commands.js';

/** Flags that end a start from this minor on (the reference's tables A.1 to A.4), with what others once gave us. */
const REMOVED: Record<string, [flag: string, minor: number][]> = {
  'kubelet.service': [
    ['pod-infra-container-image', 35],
    ['container-runtime', 27],
    ['network-plugin', 24],
    ['cloud-config', 34],
    ['register-schedulable', 34],
    ['keep-terminated-pod-volumes', 31],
    ['logtostderr', 26],
    ['containerd', 37],
    ['boot-id-file', 37],
    ['machine-id-file', 37],
  ],
  'kube-apiserver.service': [
    ['cloud-provider', 33],
    ['logtostderr', 26],
  ],
  'kube-controller-manager.service': [
    ['pod-eviction-timeout', 27],
    ['concurrent-service-syncs', 37],
  ],
  'kube-scheduler.service': [
    ['lock-object-name', 28],
    ['logtostderr', 26],
  ],
};

describe('components', () => {
  it.each(VERSION_TABLE.map((row) => [row.kubernetes, row] as const))(
    'of %s name no removed flag',
    (kubernetes, row) => {
      const components = componentsFor(contextOf('s4', { kubernetes, controlPlanes: 3, traits: flatcar('1.7.21') }));
      for (const [unit, removed] of Object.entries(REMOVED)) {
        const gone = removed.filter(([, minor]) => row.minor >= minor).map(([flag]) => flag);
        const names = flagNames(components, unit);
        expect(names.length).toBeGreaterThan(3);
        expect(names.filter((name) => gone.includes(name))).toEqual([]);
      }
    },
  );

  it('send etcd and kube-apiserver to a control plane before its kubelet', () => {
    const order = componentsFor(contextOf('s4', { kubernetes: '1.37.2', controlPlanes: 1, traits: LAB }));
    const names = order.map(({ component }) => component);
    expect(names.indexOf('etcd')).toBeLessThan(names.indexOf('kube-apiserver'));
    expect(names.indexOf('kube-apiserver')).toBeLessThan(names.indexOf('kubelet'));
  });

  it.each(['s4', 's7'])(
    'of %s find every file a unit depends on: rendered, an artifact, or delivered by pki/',
    async (name) => {
      const context = contextOf(name, { kubernetes: '1.37.2', controlPlanes: 3, traits: flatcar('2.2.5') });
      const components = componentsFor(context);
      const delivered = await deliveredTo(context.node.role);
      const own = components.flatMap(({ files }) => files.map(({ path }) => path));
      const inputs = components.flatMap(({ units }) => units.flatMap((unit) => unit.inputs));
      expect(inputs.filter((path) => !own.includes(path) && !delivered.has(path))).toEqual([]);
      expect(own.filter((path) => delivered.has(path))).toEqual([]);
      expect(new Set(own).size).toBe(own.length);
    },
  );

  it('start only units whose state the facts report', () => {
    const context = contextOf('s4', { kubernetes: '1.37.2', controlPlanes: 3, traits: flatcar('2.2.5') });
    const units = componentsFor(context).flatMap((component) => component.units.map(({ name }) => name));
    expect(units.filter((unit) => !MANAGED_UNITS.includes(unit))).toEqual([]);
  });

  it('of every node depend on all certificates, keys and kubeconfigs it is given', async () => {
    const inputs = ['s4', 's7'].map((name) => {
      const context = contextOf(name, { kubernetes: '1.37.2', controlPlanes: 3, traits: flatcar('2.2.5') });
      return componentsFor(context).flatMap(({ units }) => units.flatMap((unit) => unit.inputs));
    });
    for (const [index, role] of (['control-plane', 'worker'] as const).entries()) {
      const unused = [...(await deliveredTo(role))].filter((path) => !inputs[index]?.includes(path));
      expect(unused).toEqual([]);
    }
  });
});

/** Paths pki/ puts on nodes of a role. */
async function deliveredTo(role: 'control-plane' | 'worker'): Promise<Set<string>> {
  const { authorities, bundles, serviceAccount, encryption, leaves } = await loadProfiles();
  const reaches = (target: string) => target === 'node' || target === role;
  const paths = [...Object.values(authorities).flatMap(({ deliver }) => deliver), ...serviceAccount.deliver];
  const targeted = [...paths, ...Object.values(bundles), encryption].filter(({ to }) => reaches(to));
  const perNode = Object.values(leaves).filter(({ per }) => reaches(per));
  return new Set([
    ...targeted.map(({ path }) => path),
    ...perNode.flatMap(({ deliver, kubeconfig }) =>
      [...deliver, ...(kubeconfig ? [kubeconfig] : [])].map(({ path }) => path),
    ),
  ]);
}
