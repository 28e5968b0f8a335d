import { describe, expect, it } from 'vitest';
import { coreDnsImage, NEWEST, pauseImage, VERSION_TABLE, versionRow } from '../../src/config/version-table.js';
import { DisklessError, EXIT } from '../../src/errors.js';

describe('version table', () => {
  it('has one row per minor from 1.20 on, without gaps', () => {
    expect(VERSION_TABLE.map((row) => row.minor)).toEqual(VERSION_TABLE.map((_, index) => 20 + index));
    expect(NEWEST).toBe(VERSION_TABLE.at(-1));
    for (const row of VERSION_TABLE) expect(row.kubernetes).toMatch(new RegExp(`^1\\.${row.minor}\\.\\d+$`));
  });

  it('takes any patch of a listed minor', () => {
    expect(versionRow('1.20.2').minor).toBe(20);
    expect(versionRow('1.36.0')).toBe(VERSION_TABLE.find((row) => row.minor === 36));
  });

  it.each(['1.19.3', `1.${NEWEST.minor + 1}.0`, 'v1.20.2', '1.20', '1.20.02', '2.20.1', '', '1.20.2-rc.1'])(
    'refuses %j as bad input and names the range',
    (version) => {
      const refused = (() => {
        try {
          return versionRow(version);
        } catch (error) {
          return error;
        }
      })();
      expect(refused).toBeInstanceOf(DisklessError);
      expect(refused).toMatchObject({ code: 'kubernetes-version-unsupported', exit: EXIT.usage });
      expect((refused as DisklessError).hint).toContain(`1.20.x to 1.${NEWEST.minor}.x`);
    },
  );

  it.each([
    ['containerRuntimeFlag', 23, true, false],
    ['containerRuntimeEndpointField', 26, false, true],
    ['podInfraContainerImageFlag', 34, true, false],
    ['registerFields', 22, false, true],
    ['failCgroupV1Field', 30, false, true],
    ['mergeDefaultEvictionSettings', 32, false, true],
    ['maxParallelImagePulls', 26, false, true],
    ['crashLoopBackOff', 34, false, true],
    ['fastNodeStatusUpdate', 25, false, true],
    ['masterRole', 23, true, false],
  ] as const)('%s turns after 1.%i', (name, last, before, after) => {
    expect(versionRow(`1.${last}.0`).switches[name]).toBe(before);
    expect(versionRow(`1.${last + 1}.0`).switches[name]).toBe(after);
  });

  it('knows which container runtimes serve a kubelet', () => {
    const containerd = (version: string) => versionRow(version).switches.containerd;
    expect(containerd('1.22.0')).toEqual({ min: '1.3.0', below: '2.0.0' });
    expect(containerd('1.25.0')).toEqual({ min: '1.5.0' });
    expect(containerd('1.26.0')).toEqual({ min: '1.6.0' });
  });

  it('knows when kube-proxy can use nftables', () => {
    const modes = [28, 29, 30, 31].map((minor) => versionRow(`1.${minor}.0`).switches.nftablesProxy);
    expect(modes).toEqual(['absent', 'gate', 'gate', 'on']);
  });

  it('names the default images of a row', () => {
    expect(coreDnsImage(versionRow('1.20.2'))).toBe('registry.k8s.io/coredns:1.7.0');
    expect(coreDnsImage(versionRow('1.21.0'))).toBe('registry.k8s.io/coredns/coredns:v1.8.0');
    expect(pauseImage(versionRow('1.36.4'))).toBe('registry.k8s.io/pause:3.10.2');
  });
});
