import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSshG } from '../../src/ssh/ssh-g-output.js';

function recorded(name: string): string {
  return readFileSync(new URL(`../golden/ssh/ssh-g-9.2-${name}.txt`, import.meta.url), 'utf8');
}

describe('parseSshG', () => {
  it('reads the defaults of OpenSSH', () => {
    expect(parseSshG(recorded('defaults'), 'example.org')).toEqual({
      hostname: 'example.org',
      port: 22,
      user: 'op',
      identityFiles: ['rsa', 'ecdsa', 'ecdsa_sk', 'ed25519', 'ed25519_sk', 'xmss', 'dsa'].map(
        (type) => `~/.ssh/id_${type}`,
      ),
      identitiesOnly: false,
      proxyJump: [],
      knownHostsFiles: [
        '/home/op/.ssh/known_hosts',
        '/home/op/.ssh/known_hosts2',
        '/etc/ssh/ssh_known_hosts',
        '/etc/ssh/ssh_known_hosts2',
      ],
      strictHostKeyChecking: 'ask',
    });
  });

  it('reads everything a configuration may say', () => {
    expect(parseSshG(recorded('full'), 's4')).toEqual({
      hostname: '10.146.225.4',
      port: 2222,
      user: 'core',
      identityFiles: ['~/.ssh/lab_%n', '/keys/with blank/id'],
      identitiesOnly: true,
      identityAgent: '/run/user/1000/agent.sock',
      proxyJump: [
        { host: 'gate', user: 'admin', port: 2200 },
        { host: 'fe80::2', port: 22 },
      ],
      knownHostsFiles: [
        '/etc/lab/known_hosts',
        '/etc/lab/more hosts',
        '/etc/ssh/ssh_known_hosts',
        '/etc/ssh/ssh_known_hosts2',
      ],
      hostKeyAlias: 'node-%n',
      strictHostKeyChecking: 'true',
      addressFamily: 6,
      connectTimeoutMs: 9000,
      keepaliveIntervalMs: 5000,
      keepaliveCountMax: 4,
    });
  });

  it('refuses a ProxyCommand and names the way out', () => {
    expect(() => parseSshG(recorded('proxy-command'), 'proxied')).toThrowError(
      expect.objectContaining({
        code: 'proxy-command-unsupported',
        exit: 2,
        host: 'proxied',
        hint: expect.stringContaining('ProxyJump'),
      }),
    );
  });

  it('takes `none` for nothing', () => {
    const settings = parseSshG(
      'user u\nhostname h\nport 22\nidentityfile none\nproxycommand none\nproxyjump none\nhostkeyalias none\nuserknownhostsfile none\nconnecttimeout none\n',
      'h',
    );
    expect(settings).toEqual({
      hostname: 'h',
      port: 22,
      user: 'u',
      identityFiles: [],
      identitiesOnly: false,
      proxyJump: [],
      knownHostsFiles: [],
      strictHostKeyChecking: 'ask',
    });
  });
});
