import { describe, expect, test } from 'vitest';
import { chooseNodeIp, type NodeIpInput } from '../../src/config/node-ip.js';
import type { DisklessError } from '../../src/errors.js';
import type { AddressFact } from '../../src/facts/facts.js';

const on = (link: string, address: string, prefix = 24): AddressFact => {
  return { link, address, prefix, family: address.includes(':') ? 6 : 4 };
};
const addresses = [
  on('lo', '127.0.0.1', 8),
  on('eth0', '10.0.0.4'),
  on('eth1', '192.168.7.4'),
  on('eth1', '192.168.7.100'),
  on('eth1', 'fd00::4', 64),
  on('kd-api', '169.254.77.1', 32),
];
const choose = (input: Omit<NodeIpInput, 'addresses'>) => chooseNodeIp({ addresses, ...input });

describe('the order: configured, inside nodeCidr, where SSH arrived', () => {
  test.each<[string, Omit<NodeIpInput, 'addresses'>, string, string]>([
    [
      'configured',
      { configured: '192.168.7.4', nodeCidr: '10.0.0.0/8', sshAddress: '10.0.0.4' },
      '192.168.7.4',
      'eth1',
    ],
    ['inside nodeCidr', { nodeCidr: '10.0.0.0/8', sshAddress: '192.168.7.4' }, '10.0.0.4', 'eth0'],
    ['where SSH arrived', { sshAddress: '192.168.7.100' }, '192.168.7.100', 'eth1'],
    [
      'of two inside nodeCidr the one SSH arrived at',
      { nodeCidr: '192.168.7.0/24', sshAddress: '192.168.7.4' },
      '192.168.7.4',
      'eth1',
    ],
  ])('%s', (_rule, input, address, link) => expect(choose(input)).toEqual({ address, link }));
});

describe('never a guess', () => {
  const candidates = 'it has 10.0.0.4/24 on eth0, 192.168.7.4/24 on eth1, 192.168.7.100/24 on eth1';

  test.each<[string, Omit<NodeIpInput, 'addresses'>, string]>([
    ['configured, not there', { configured: '10.0.0.5' }, 'node-ip-not-local'],
    ['configured loopback', { configured: '127.0.0.1' }, 'node-ip-not-local'],
    ['two inside nodeCidr', { nodeCidr: '192.168.7.0/24', sshAddress: '10.0.0.4' }, 'node-ip-ambiguous'],
    ['none inside nodeCidr', { nodeCidr: '172.16.0.0/12', sshAddress: '10.0.0.4' }, 'node-ip-outside-node-cidr'],
    ['SSH through address translation', { sshAddress: '203.0.113.9' }, 'node-ip-unknown'],
    ['SSH by loopback', { sshAddress: '127.0.0.1' }, 'node-ip-unknown'],
    ['SSH by our own API address', { sshAddress: '169.254.77.1' }, 'node-ip-unknown'],
    ['SSH by IPv6', { sshAddress: 'fd00::4' }, 'node-ip-unknown'],
    ['nothing known', {}, 'node-ip-unknown'],
  ])('%s', (_case, input, code) => {
    const error = captured(() => choose(input));
    expect(error).toMatchObject({ code, exit: 2 });
    expect(error.hint).toContain(candidates);
  });

  test('says what is inside nodeCidr, and how to choose', () => {
    expect(captured(() => choose({ nodeCidr: '192.168.7.0/24' }))).toMatchObject({
      message: '2 of its addresses are inside network.nodeCidr 192.168.7.0/24',
      hint: expect.stringMatching(/^choose one address with nodeIp of this host/),
    });
    expect(captured(() => choose({ nodeCidr: '172.16.0.0/12' }))).toMatchObject({
      message: 'none of its addresses is inside network.nodeCidr 172.16.0.0/12',
      hint: expect.stringMatching(/^set nodeIp of this host, or network.nodeCidr/),
    });
  });

  test('one address on two links', () => {
    const twice = [on('eth0', '10.0.0.4'), on('eth1', '10.0.0.4')];
    const error = captured(() => chooseNodeIp({ addresses: twice, sshAddress: '10.0.0.4' }));
    expect(error.code).toBe('node-ip-ambiguous');
    expect(error.message).toBe('the address SSH arrived at (10.0.0.4) is on several of its interfaces');
  });

  test('a node without any', () => {
    expect(captured(() => chooseNodeIp({ addresses: [] })).hint).toContain('it has no usable IPv4 address');
  });
});

function captured(action: () => unknown): DisklessError {
  try {
    action();
  } catch (error) {
    return error as DisklessError;
  }
  throw new Error('nothing was thrown');
}
