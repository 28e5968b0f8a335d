import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readVersionRecords, VERSIONS_PAGE } from '../../lab/records/version-records.js';
import { versionsPage } from '../../lab/records/versions-page.js';
import { etcdProblem } from '../../src/config/etcd-floor.js';
import { coreDnsImage, NEWEST, pauseImage, VERSION_TABLE, versionRow } from '../../src/config/version-table.js';
import { DisklessError, EXIT } from '../../src/errors.js';

describe('version table', () => {
  it('has exactly the six newest minors, without gaps', () => {
    expect(VERSION_TABLE.map((row) => row.minor)).toEqual([32, 33, 34, 35, 36, 37]);
    expect(NEWEST).toBe(VERSION_TABLE.at(-1));
    for (const row of VERSION_TABLE) expect(row.kubernetes).toMatch(new RegExp(`^1\\.${row.minor}\\.\\d+$`));
  });

  it('runs beside each an etcd that memory is safe with', () => {
    for (const row of VERSION_TABLE) expect(etcdProblem(row.etcd)).toBeUndefined();
  });

  it('has no row that was not run on the lab', () => {
    const records = readVersionRecords().map(({ kubernetes, etcd, cni }) => ({ kubernetes, etcd, cni }));
    expect(records).toEqual(VERSION_TABLE.map(({ kubernetes, etcd, cni }) => ({ kubernetes, etcd, cni })));
  });

  it('stands in docs/versions.md as it was run', () => {
    expect(readFileSync(VERSIONS_PAGE, 'utf8')).toBe(versionsPage(readVersionRecords()));
  });

  it('takes any patch of a listed minor', () => {
    expect(versionRow('1.32.0').minor).toBe(32);
    expect(versionRow('1.37.99')).toBe(NEWEST);
  });

  it.each(['1.20.2', '1.31.14', '1.38.0', 'v1.37.2', '1.37', '1.37.02', '2.37.1', '', '1.37.2-rc.1'])(
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
      expect((refused as DisklessError).hint).toContain('1.32.x to 1.37.x');
    },
  );

  it.each([
    ['podInfraContainerImageFlag', 34, true, false],
    ['mergeDefaultEvictionSettings', 32, false, true],
    ['crashLoopBackOff', 34, false, true],
  ] as const)('%s turns after 1.%i', (name, last, before, after) => {
    expect(versionRow(`1.${last}.0`).switches[name]).toBe(before);
    expect(versionRow(`1.${last + 1}.0`).switches[name]).toBe(after);
  });

  it('has no switch that does not turn within it', () => {
    for (const name of Object.keys(NEWEST.switches) as (keyof typeof NEWEST.switches)[]) {
      expect(new Set(VERSION_TABLE.map(({ switches }) => switches[name])).size).toBe(2);
    }
  });

  it('names the default images of a row', () => {
    expect(coreDnsImage(versionRow('1.37.2'))).toBe('registry.k8s.io/coredns/coredns:v1.14.6');
    expect(pauseImage(versionRow('1.37.2'))).toBe('registry.k8s.io/pause:3.10.2');
  });
});
