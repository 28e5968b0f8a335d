import { describe, expect, it } from 'vitest';
import { etcd } from '../../src/components/etcd.js';
import { etcdDialect } from '../../src/components/etcd-dialect.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import { EXIT } from '../../src/errors.js';
import { contextOf, flatcar, LAB } from './fixture.js';
import { flagNames, textAt } from './unit-commands.js';

const BOOTSTRAP = '/etc/kubernetes/etcd-bootstrap.env';

describe('etcd', () => {
  it('speaks the dialect of every etcd in the table, and of the lab', () => {
    for (const version of [...VERSION_TABLE.map((row) => row.etcd), '3.4.23', '3.7.1']) {
      expect(version).toContain(etcdDialect(version).minor);
    }
    const experimental = Object.keys(etcdDialect('3.7.1').flags).filter((flag) => flag.startsWith('experimental-'));
    expect(experimental).toEqual([]);
    expect(() => etcdDialect('3.40.1')).toThrow(expect.objectContaining({ exit: EXIT.usage }));
  });

  it('leaves out flags that an early patch release would end at', () => {
    const knows = (version: string, flag: string) => flag in etcdDialect(version).flags;
    const compact = 'experimental-compact-hash-check-enabled';
    expect(['3.5.4', '3.5.5', '3.5.33'].map((version) => knows(version, compact))).toEqual([false, true, true]);
    const progress = 'experimental-watch-progress-notify-interval';
    expect(['3.4.10', '3.4.11', '3.5.0'].map((version) => knows(version, progress))).toEqual([false, true, true]);
  });

  it('keeps what only a first start reads out of the unit, in a file that does not restart it', () => {
    const output = etcd(contextOf('s5', { kubernetes: '1.36.4', controlPlanes: 3, traits: flatcar('2.2.5') }));
    expect(flagNames([output], 'etcd.service').filter((flag) => flag.startsWith('initial-cluster'))).toEqual([]);
    expect(textAt([output], '/etc/systemd/system/etcd.service')).toContain(`EnvironmentFile=-${BOOTSTRAP}\n`);
    expect(output.units[0]?.inputs).not.toContain(BOOTSTRAP);
  });

  it('writes the parameters of a new bootstrap over those of an old one, and leaves a member with data alone', () => {
    const blank = contextOf('s4', { kubernetes: '1.36.4', controlPlanes: 3, traits: flatcar('2.2.5') });
    const { etcdBootstrap: _, ...member } = blank;
    const bootstrapFile = (context: typeof member) => etcd(context).files.find(({ path }) => path === BOOTSTRAP);
    expect(bootstrapFile(blank)).toMatchObject({ mode: 0o600 });
    expect(bootstrapFile(blank)).not.toHaveProperty('once');
    expect(bootstrapFile(member)).toMatchObject({ once: true });
    const others = (context: typeof member) => etcd(context).files.filter(({ path }) => path !== BOOTSTRAP);
    expect(others(member)).toEqual(others(blank));
  });

  it('starts on arm64 where etcd calls that unsupported', () => {
    const unit = (kubernetes: string) => {
      const context = contextOf('s4', { kubernetes, controlPlanes: 1, traits: { ...LAB, arch: 'arm64' } });
      return textAt([etcd(context)], '/etc/systemd/system/etcd.service');
    };
    expect(unit('1.21.14')).toContain('Environment=ETCD_UNSUPPORTED_ARCH=arm64\n');
    expect(unit('1.22.17')).not.toContain('ETCD_UNSUPPORTED_ARCH');
  });
});
