import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newestFirst } from '../../src/config/release-version.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import {
  cniPlugins,
  coredns,
  etcd,
  kubernetes,
  kubernetesTests,
  moduleFolder,
  softwareVersion,
} from './go-software.js';
import { NEEDED_GO } from './go-toolchain.js';

it.each(VERSION_TABLE)('builds what the version table has for 1.$minor', (row) => {
  expect(softwareVersion(kubernetes(`1.${row.minor}`))).toBe(row.kubernetes);
  const series = row.etcd.replace(/\.\d+$/, '');
  expect(softwareVersion(etcd(series))).toBe(row.etcd);
  expect(softwareVersion(cniPlugins)).toBe(row.cni);
});

it('builds the CoreDNS of the newest minor', () => {
  expect(`v${softwareVersion(coredns)}`).toBe(VERSION_TABLE.at(-1)?.coredns);
});

it('builds the tests of the newest minor', () => {
  const newest = VERSION_TABLE.at(-1);
  expect(softwareVersion(kubernetesTests(`1.${newest?.minor}`))).toBe(newest?.kubernetes);
});

it('has the checksums of every module', () => {
  const folders = readdirSync(moduleFolder({ name: '' }), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(folders.filter(({ name }) => !existsSync(join(moduleFolder({ name }), 'go.sum')))).toEqual([]);
});

it('fetches a compiler that no module of ours is too new for', () => {
  const modules = moduleFolder({ name: '' });
  const folders = readdirSync(modules, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const wanted = folders.map(({ name }) => {
    const [, version = ''] = /^go (\S+)$/m.exec(readFileSync(join(modules, name, 'go.mod'), 'utf8')) ?? [];
    return version;
  });
  const [newest = ''] = wanted.toSorted(newestFirst);
  expect(newestFirst(NEEDED_GO, newest)).toBe(0);
});
