import { describe, expect, test } from 'vitest';
import { bootSettings, retiredIn, settingsProblems } from '../../src/boot/settings.js';
import type { BootConfig, BootSection } from '../../src/config/boot-schema.js';

test('without a word it is the stable Flatcar, from RAM, with Ignition 3.3.0', () => {
  expect(bootSettings({})).toMatchObject({
    os: { name: 'flatcar' },
    channel: 'stable',
    arch: 'amd64',
    rootSize: '75%',
    ignitionVersion: '3.3.0',
    kernelArgs: [],
    timeServers: [],
  });
});

test('the operating system decides what is written for it', () => {
  expect(bootSettings({ os: 'fcos' }).channel).toBe('stable');
  expect(bootSettings({ os: 'generic' }).channel).toBe('');
});

describe('what does not go together', () => {
  const cases: [BootSection, string, RegExp][] = [
    [{ channel: 'testing' }, 'channel', /Flatcar .* has the channels stable, beta, alpha, lts/],
    [{ os: 'fcos', channel: 'tesing' }, 'channel', /did you mean "testing"/],
    [{ os: 'generic', images: '/d', channel: 'stable' }, 'channel', /has no channels/],
    [{ os: 'generic', kernel: '/k' }, 'initrd', /needs the file of its initrd/],
    [{ os: 'generic' }, 'kernel', /needs the file of its kernel/],
    [{ kernel: '/k' }, 'kernel', /is for os generic/],
    [{ os: 'fcos', rootSize: '50%' }, 'rootSize', /Fedora CoreOS does not take/],
    [{ os: 'generic', images: '/d', ntp: ['time.lab'] }, 'ntp', /use boot.ignition/],
    [{ kernelArgs: ['quiet', 'rootflags=size=1G'] }, 'kernelArgs.1', /use boot.rootSize/],
    [{ os: 'fcos', kernelArgs: ['ignition.config.url=http://x'] }, 'kernelArgs.0', /set by k8s-diskless itself/],
    [{ dhcp: { network: '10.0.0.0/24', range: '10.0.1.1-10.0.1.9' } }, 'dhcp.range', /outside boot.dhcp.network/],
    [{ dhcp: { network: '10.0.0.0/24', gateway: '10.0.1.1' } }, 'dhcp.gateway', /outside boot.dhcp.network/],
  ];
  test.each(cases)('%j', (boot, path, message) => {
    const problems = settingsProblems(boot);
    expect(problems.map((problem) => problem.path.join('.'))).toEqual([path]);
    expect(problems[0]?.message).toMatch(message);
  });

  const fine: BootSection[] = [
    {},
    { os: 'fcos', kernelArgs: ['rootflags=x', 'console=ttyS0'] },
    { os: 'generic', images: '/d' },
    { os: 'generic', kernel: '/k', initrd: '/i' },
    { dhcp: { network: '10.0.0.0/24', range: '10.0.0.100-10.0.0.200', gateway: '10.0.0.1' } },
  ];
  test.each(fine)('nothing of %j', (boot) => {
    expect(settingsProblems(boot)).toEqual([]);
  });
});

describe('what an earlier release recorded and none boots any more', () => {
  const cases: [BootConfig, string, RegExp][] = [
    [{ os: 'coreos' }, 'os', /^coreos, CoreOS Container Linux of 2018, .* use flatcar/],
    [{ os: 'flatcar', ignitionVersion: '2.2.0' }, 'ignitionVersion', /^2\.2\.0, .* use 3\.3\.0, with Flatcar/],
  ];
  test.each(cases)('is refused by name: %j', (boot, path, message) => {
    expect(retiredIn(boot)).toEqual([{ path: [path], message: expect.stringMatching(message) }]);
  });

  test('is nothing of today', () => {
    expect(retiredIn({ os: 'flatcar', ignitionVersion: '3.3.0' })).toEqual([]);
  });
});
