import { describe, expect, it } from 'vitest';
import { etcd } from '../../src/components/etcd.js';
import { etcdDialect } from '../../src/components/etcd-dialect.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import { EXIT } from '../../src/errors.js';
import { contextOf, flatcar } from './fixture.js';
import { flagNames, textAt } from './unit-commands.js';

const BOOTSTRAP = '/etc/kubernetes/etcd-bootstrap.env';

describe('etcd', () => {
  it('speaks the dialect of every etcd in the table', () => {
    for (const { etcd: version } of VERSION_TABLE) {
      const progress = Object.keys(etcdDialect(version)).filter((flag) => flag.endsWith('progress-notify-interval'));
      expect(progress).toHaveLength(1);
    }
    for (const version of ['3.6.16', '3.7.3']) {
      expect(Object.keys(etcdDialect(version)).filter((flag) => flag.startsWith('experimental-'))).toEqual([]);
    }
    for (const version of ['3.4.45', '3.40.1', '3.8.0']) {
      expect(() => etcdDialect(version)).toThrow(expect.objectContaining({ exit: EXIT.usage }));
    }
  });

  it('keeps what only a first start reads out of the unit, in a file that does not restart it', () => {
    const output = etcd(contextOf('s5', { kubernetes: '1.37.2', controlPlanes: 3, traits: flatcar('2.2.5') }));
    expect(flagNames([output], 'etcd.service').filter((flag) => flag.startsWith('initial-cluster'))).toEqual([]);
    expect(textAt([output], '/etc/systemd/system/etcd.service')).toContain(`EnvironmentFile=-${BOOTSTRAP}\n`);
    expect(output.units[0]?.inputs).not.toContain(BOOTSTRAP);
  });

  it('writes the parameters of a new bootstrap over those of an old one, and leaves a member with data alone', () => {
    const blank = contextOf('s4', { kubernetes: '1.37.2', controlPlanes: 3, traits: flatcar('2.2.5') });
    const { etcdBootstrap: _, ...member } = blank;
    const bootstrapFile = (context: typeof member) => etcd(context).files.find(({ path }) => path === BOOTSTRAP);
    expect(bootstrapFile(blank)).toMatchObject({ mode: 0o600 });
    expect(bootstrapFile(blank)).not.toHaveProperty('once');
    expect(bootstrapFile(member)).toMatchObject({ once: true });
    const others = (context: typeof member) => etcd(context).files.filter(({ path }) => path !== BOOTSTRAP);
    expect(others(member)).toEqual(others(blank));
  });
});
