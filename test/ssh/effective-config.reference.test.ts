import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { effectiveConfig } from '../../src/ssh/effective-config.js';
import { scratch } from './harness.js';

/* What only OpenSSH itself can say. */

function configFile(text: string): string {
  const path = join(scratch(), 'config');
  writeFileSync(path, text);
  return path;
}

const operator = { env: { PATH: process.env.PATH }, home: '/home/op', user: 'op', uid: 1000 };

describe('effectiveConfig', () => {
  it('asks ssh itself, Include and Match and all', async () => {
    const included = configFile('Host s4\n  User core\n  Port 2200\n');
    const file = configFile(
      `Include ${included}\nMatch host s4 user core\n  IdentityFile ~/.ssh/lab\n  IdentityAgent none\nHost *\n  HostName 10.1.1.4\n`,
    );
    const config = await effectiveConfig({ target: { host: 's4' }, configFile: file, operator });
    expect(config).toMatchObject({
      alias: 's4',
      hostname: '10.1.1.4',
      user: 'core',
      port: 2200,
      identityFiles: ['/home/op/.ssh/lab'],
    });
    expect(config.agentSocket).toBeUndefined();
  });

  it('lets user and port of the target win, and Match see them', async () => {
    const file = configFile('Match user admin\n  HostName 10.1.1.9\nHost s4\n  User core\n  Port 2200\n');
    const target = { host: 's4', user: 'admin', port: 23 };
    const config = await effectiveConfig({ target, configFile: file, operator });
    expect(config).toMatchObject({ user: 'admin', port: 23, hostname: '10.1.1.9' });
  });

  it('shows what ssh says of a broken file', async () => {
    const file = configFile('ProxyJum gate\n');
    await expect(effectiveConfig({ target: { host: 's4' }, configFile: file, operator })).rejects.toMatchObject({
      code: 'ssh-config-invalid',
      exit: 2,
      detail: expect.stringContaining(`${file}: line 1: Bad configuration option: proxyjum`),
    });
  });

  it('stops when the run is aborted', async () => {
    const file = configFile('Match exec "sleep 30"\n  User x\n');
    const controller = new AbortController();
    const pending = effectiveConfig({
      target: { host: 's4' },
      configFile: file,
      signal: controller.signal,
      operator,
    });
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'aborted', exit: 130 });
  });
});
