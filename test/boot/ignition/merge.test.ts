import { describe, expect, test } from 'vitest';
import { mergeIgnition } from '../../../src/boot/ignition/merge.js';
import type { Ignition } from '../../../src/boot/ignition/schema.js';

const OURS: Ignition = {
  ignition: { version: '3.3.0' },
  passwd: { users: [{ name: 'core', sshAuthorizedKeys: ['key-1'] }] },
  storage: { files: [{ path: '/etc/hostname', mode: 420, overwrite: true, contents: { source: 'data:,s4' } }] },
  systemd: {
    units: [
      { name: 'update-engine.service', mask: true },
      { name: 'containerd.service', enabled: true },
    ],
  },
};
const merge = (theirs: Omit<Ignition, 'ignition'>) =>
  mergeIgnition(OURS, { ignition: { version: '3.0.0' }, ...theirs });
const conflicts = (theirs: Omit<Ignition, 'ignition'>): string[] =>
  merge(theirs).conflicts.map(({ path }) => path.join('.'));

describe('side by side', () => {
  test('lists are joined, ours first', () => {
    const { config, conflicts: none } = merge({
      storage: { files: [{ path: '/etc/motd' }], links: [{ path: '/etc/localtime', target: '../usr' }] },
      systemd: { units: [{ name: 'x.service', enabled: true }] },
    });
    expect(none).toEqual([]);
    expect(config.storage?.files?.map(({ path }) => path)).toEqual(['/etc/hostname', '/etc/motd']);
    expect(config.storage?.links).toHaveLength(1);
    expect(config.systemd?.units?.map(({ name }) => name)).toEqual([
      'update-engine.service',
      'containerd.service',
      'x.service',
    ]);
  });

  test('a user and a unit of the same name become one', () => {
    const { config, conflicts: none } = merge({
      passwd: { users: [{ name: 'core', sshAuthorizedKeys: ['key-2', 'key-1'], groups: ['docker'] }] },
      systemd: { units: [{ name: 'containerd.service', dropins: [{ name: 'a.conf', contents: '[Service]\n' }] }] },
    });
    expect(none).toEqual([]);
    expect(config.passwd?.users).toEqual([{ name: 'core', sshAuthorizedKeys: ['key-1', 'key-2'], groups: ['docker'] }]);
    expect(config.systemd?.units?.[1]).toEqual({
      name: 'containerd.service',
      enabled: true,
      dropins: [{ name: 'a.conf', contents: '[Service]\n' }],
    });
  });

  test('saying the same is no conflict, whatever the version', () => {
    expect(merge({ storage: OURS.storage ?? {}, systemd: OURS.systemd ?? {} })).toEqual({
      config: OURS,
      conflicts: [],
    });
  });

  test('what is unknown here passes through', () => {
    const storage = { disks: [{ device: '/dev/sda' }], filesystems: [{ device: '/dev/sda1', path: '/data' }] };
    const theirs = { ignition: { version: '3.3.0', security: { tls: {} } }, storage, kernelArguments: {} };
    expect(mergeIgnition(OURS, theirs).config).toMatchObject({
      ignition: { version: '3.3.0', security: { tls: {} } },
      storage: { ...storage, files: OURS.storage?.files },
      kernelArguments: {},
    });
  });

  test('ours is left as it was', () => {
    const before = structuredClone(OURS);
    merge({ passwd: { users: [{ name: 'core', sshAuthorizedKeys: ['key-2'] }] } });
    expect(OURS).toEqual(before);
  });
});

describe('where both say something else', () => {
  const cases: [string, Omit<Ignition, 'ignition'>][] = [
    [
      'storage.files.0.contents.source',
      { storage: { files: [{ path: '/etc/hostname', contents: { source: 'data:,x' } }] } },
    ],
    ['storage.files.0.overwrite', { storage: { files: [{ path: '/etc/hostname', overwrite: false }] } }],
    ['storage.files.1.mode', { storage: { files: [{ path: '/a' }, { path: '/etc/hostname', mode: 384 }] } }],
    ['storage.links.0.path', { storage: { links: [{ path: '/etc/hostname', target: '/x' }] } }],
    ['storage.directories.0.path', { storage: { directories: [{ path: '/etc/hostname' }] } }],
    ['systemd.units.0', { systemd: { units: [{ name: 'update-engine.service', enabled: true }] } }],
    ['systemd.units.0.enabled', { systemd: { units: [{ name: 'containerd.service', enabled: false }] } }],
  ];
  test.each(cases)('%s', (path, theirs) => {
    expect(conflicts(theirs)).toEqual([path]);
  });

  test('everything is told at once', () => {
    expect(
      conflicts({
        storage: { files: [{ path: '/etc/hostname', mode: 384, overwrite: false }] },
        systemd: { units: [{ name: 'containerd.service', enabled: false }] },
      }),
    ).toEqual(['storage.files.0.mode', 'storage.files.0.overwrite', 'systemd.units.0.enabled']);
  });
});
