import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { effectiveConfig, type Operator } from '../../src/ssh/effective-config.js';

const directory = mkdtempSync(join(tmpdir(), 'ssh-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function configFile(text: string): string {
  const path = join(directory, `config-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, text);
  return path;
}

function operator(env: NodeJS.ProcessEnv = {}): Operator {
  return { env: { PATH: process.env.PATH, ...env }, home: '/home/op', user: 'op', uid: 1000 };
}

const NO_SSH = { PATH: '/nonexistent' };

describe('effectiveConfig', () => {
  it('asks ssh itself, Include and Match and all', async () => {
    const included = configFile('Host s4\n  User core\n  Port 2200\n');
    const file = configFile(
      `Include ${included}\nMatch host s4 user core\n  IdentityFile ~/.ssh/lab\n  IdentityAgent none\nHost *\n  HostName 10.1.1.4\n`,
    );
    const config = await effectiveConfig({ target: { host: 's4' }, configFile: file, operator: operator() });
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
    const config = await effectiveConfig({ target, configFile: file, operator: operator() });
    expect(config).toMatchObject({ user: 'admin', port: 23, hostname: '10.1.1.9' });
  });

  it.each([
    ['', { SSH_AUTH_SOCK: '/run/agent' }, '/run/agent'],
    ['', {}, undefined],
    ['IdentityAgent none', { SSH_AUTH_SOCK: '/run/agent' }, undefined],
    ['IdentityAgent SSH_AUTH_SOCK', { SSH_AUTH_SOCK: '/run/agent' }, '/run/agent'],
    ['IdentityAgent $OTHER', { OTHER: '/run/other', SSH_AUTH_SOCK: '/run/agent' }, '/run/other'],
    ['IdentityAgent /run/%r.sock', {}, '/run/core.sock'],
  ])('finds the agent with %j and %j', async (line, env, expected) => {
    const file = configFile(`User core\n${line}\n`);
    const config = await effectiveConfig({ target: { host: 's4' }, configFile: file, operator: operator(env) });
    expect(config.agentSocket).toBe(expected);
  });

  it('has defaults of its own where there is no ssh program', async () => {
    const env = { ...NO_SSH, SSH_AUTH_SOCK: '/run/agent' };
    const config = await effectiveConfig({ target: { host: 's4' }, operator: operator(env) });
    expect(config).toEqual({
      alias: 's4',
      hostname: 's4',
      port: 22,
      user: 'op',
      identityFiles: ['/home/op/.ssh/id_ed25519', '/home/op/.ssh/id_ecdsa', '/home/op/.ssh/id_rsa'],
      identitiesOnly: false,
      proxyJump: [],
      knownHostsFiles: ['/home/op/.ssh/known_hosts', '/home/op/.ssh/known_hosts2', '/etc/ssh/ssh_known_hosts'],
      strictHostKeyChecking: 'ask',
      agentSocket: '/run/agent',
    });
  });

  it('takes the default user only where nobody else names one', async () => {
    const common = { defaultUser: 'core', operator: operator(NO_SSH) };
    expect((await effectiveConfig({ target: { host: 's4' }, ...common })).user).toBe('core');
    expect((await effectiveConfig({ target: { host: 's4', user: 'admin' }, ...common })).user).toBe('admin');
    const file = configFile('User fromfile\n');
    const withSsh = { target: { host: 's4' }, configFile: file, defaultUser: 'core', operator: operator() };
    expect((await effectiveConfig(withSsh)).user).toBe('fromfile');
  });

  it.each([
    ['ssh-config-unreadable', { target: { host: 's4' }, configFile: '/nonexistent/config', operator: operator() }],
    ['ssh-program-missing', { target: { host: 's4' }, configFile: configFile(''), operator: operator(NO_SSH) }],
    ['ssh-target-invalid', { target: { host: '-oProxyCommand=reboot' }, operator: operator() }],
    ['ssh-target-invalid', { target: { host: 's4', user: '-x' }, operator: operator() }],
    ['ssh-target-invalid', { target: { host: 's4 s5' }, operator: operator() }],
  ])('ends with a usage error: %s', async (code, options) => {
    await expect(effectiveConfig(options)).rejects.toMatchObject({ code, exit: 2 });
  });

  it('shows what ssh says of a broken file', async () => {
    const file = configFile('ProxyJum gate\n');
    await expect(
      effectiveConfig({ target: { host: 's4' }, configFile: file, operator: operator() }),
    ).rejects.toMatchObject({
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
      operator: operator(),
    });
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'aborted', exit: 130 });
  });
});
