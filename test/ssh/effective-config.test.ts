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
});
