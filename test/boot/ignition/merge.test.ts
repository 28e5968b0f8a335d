import { describe, expect, test } from 'vitest';
import { duplicates, joinIgnition, mergeIgnition } from '../../../src/boot/ignition/merge.js';
import { type Ignition, ignitionSchema } from '../../../src/boot/ignition/schema.js';

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
const parsed = (theirs: object): Ignition => ignitionSchema.parse({ ignition: { version: '3.3.0' }, ...theirs });
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
    ['storage.links.0.path', { storage: { links: [{ path: '/etc', target: '/run/etc' }] } }],
    ['storage.files.0.path', { storage: { files: [{ path: '/etc' }] } }],
    [
      'storage.links.0.path',
      { storage: { links: [{ path: '/etc/systemd/system/update-engine.service', target: '/opt/unit' }] } },
    ],
    ['storage.files.0.path', { storage: { files: [{ path: '/etc/systemd/system/containerd.service' }] } }],
    ['systemd.units.0', { systemd: { units: [{ name: 'update-engine.service', enabled: true }] } }],
    ['systemd.units.0.enabled', { systemd: { units: [{ name: 'containerd.service', enabled: false }] } }],
  ];
  test.each(cases)('%s', (path, theirs) => {
    expect(conflicts(theirs)).toEqual([path]);
  });

  test('by its path, however it is written', () => {
    const theirs = parsed({ storage: { files: [{ path: '/etc//./hostname', mode: 384 }] } });
    expect(conflicts(theirs)).toEqual(['storage.files.0.mode']);
    expect(merge(theirs).config.storage?.files).toEqual(OURS.storage?.files);
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

describe('what would change an entry of ours without contradicting a word of it', () => {
  const core = (fields: object) => ({ passwd: { users: [{ name: 'core', ...fields }] } });
  const hostname = (fields: object) => ({ storage: { files: [{ path: '/etc/hostname', ...fields }] } });
  const unit = (name: string, fields: object) => ({ systemd: { units: [{ name, ...fields }] } });
  const cases: [string, Omit<Ignition, 'ignition'>][] = [
    ['passwd.users.0.shouldExist', core({ shouldExist: false })],
    ['passwd.users.0.shell', core({ shell: '/bin/false' })],
    ['passwd.users.0.homeDir', core({ homeDir: '/nowhere' })],
    ['storage.files.0.append', hostname({ append: [{ source: 'data:,x' }] })],
    ['storage.files.0.contents.compression', hostname({ contents: { source: 'data:,s4', compression: 'gzip' } })],
    ['storage.files.0.user.id', hostname({ user: { id: 1000 } })],
    ['systemd.units.0.mask', unit('containerd.service', { mask: true })],
    ['systemd.units.0.contents', unit('containerd.service', { contents: '[Service]\n' })],
    ['systemd.units.0.enabled', unit('update-engine.service', { mask: true, enabled: true })],
  ];
  test.each(cases)('%s', (path, theirs) => {
    expect(conflicts(theirs)).toEqual([path]);
  });

  const harmless: Omit<Ignition, 'ignition'>[] = [
    core({ groups: ['docker'], gecos: 'the operator', shouldExist: null }),
    hostname({ mode: 420, append: [], contents: { verification: {} } }),
    unit('containerd.service', { dropins: [{ name: 'a.conf', contents: '[Service]\n' }] }),
    { passwd: { users: [{ name: 'guest', shouldExist: false }] } },
    { storage: { files: [{ path: '/etc/motd', append: [{ source: 'data:,x' }] }] } },
    unit('sshd.socket', { mask: true }),
  ];
  test.each(harmless)('nothing of %j', (theirs) => {
    expect(conflicts(theirs)).toEqual([]);
  });

  test('it is said what may be added', () => {
    expect(merge(core({ uid: 5 })).conflicts[0]?.message).toContain('only sshAuthorizedKeys, groups, gecos');
  });
});

describe('two files of the user', () => {
  test('become one, and may both add to the same entry', () => {
    const first = parsed({ storage: { files: [{ path: '/etc/motd', mode: 420 }] } });
    const second = parsed({ storage: { files: [{ path: '/etc/motd', append: [{ source: 'data:,x' }] }] } });
    expect(joinIgnition(first, second, 'the first').conflicts).toEqual([]);
    expect(joinIgnition(first, second, 'the first').config.storage?.files).toEqual([
      { path: '/etc/motd', mode: 420, append: [{ source: 'data:,x' }] },
    ]);
  });

  test('contradict each other, and not k8s-diskless', () => {
    const motd = (mode: number) => parsed({ storage: { files: [{ path: '/etc/motd', mode }] } });
    expect(joinIgnition(motd(420), motd(384), 'the first').conflicts).toEqual([
      { path: ['storage', 'files', 0, 'mode'], message: 'says something else than the first' },
    ]);
  });
});

test('entries that stand in a list twice are told', () => {
  const units = [{ name: 'a.service' }, { name: 'b.service', dropins: [{ name: 'x.conf' }, { name: 'x.conf' }] }];
  const files = [{ path: '/etc/motd' }, { path: '/etc/issue' }, { path: '/etc//motd' }];
  const users = [{ name: 'student', groups: ['docker', 'docker'] }, { name: 'teacher' }];
  const config = parsed({ passwd: { users }, storage: { files }, systemd: { units } });
  expect(duplicates(config).map(({ path, message }) => `${path.join('.')} ${message}`)).toEqual([
    'storage.files.2 speaks of /etc/motd a second time; make one entry of both',
    'systemd.units.1.dropins.1 speaks of x.conf a second time; make one entry of both',
  ]);
});
