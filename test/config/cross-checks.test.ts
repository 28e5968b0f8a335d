import { describe, expect, test } from 'vitest';
import { crossCheck } from '../../src/config/cross-checks.js';
import { resolveSpec } from '../../src/config/resolve.js';
import type { ClusterSpec, NetworkSpec, NodeSpec } from '../../src/config/spec.js';

const { spec } = resolveSpec({ flags: { hosts: 's[1-9]' }, defaults: { kubernetes: '1.37.2' } });
const messages = (changed: Partial<ClusterSpec>): string[] => crossCheck({ ...spec, ...changed }).map((p) => p.message);
const network = (changed: Partial<NetworkSpec>): string[] => messages({ network: { ...spec.network, ...changed } });
const withMembers = (count: number): NodeSpec[] =>
  spec.nodes.map((node, index) => ({ ...node, role: index < count ? 'control-plane' : 'worker' }));

test('a resolved spec has no problems', () => expect(messages({})).toEqual([]));

describe('control planes', () => {
  test.each([1, 3, 5, 7])('%d are accepted', (count) => expect(messages({ nodes: withMembers(count) })).toEqual([]));

  test.each([
    [0, 'no control plane; at least one is needed'],
    [
      2,
      'an etcd of 2 survives the loss of 0, just as one of 1 does, and has one more member that can fail; use 1 or 3',
    ],
    [
      4,
      'an etcd of 4 survives the loss of 1, just as one of 3 does, and has one more member that can fail; use 3 or 5',
    ],
    [
      6,
      'an etcd of 6 survives the loss of 2, just as one of 5 does, and has one more member that can fail; use 5 or 7',
    ],
    [8, '8 control planes; 7 are the most'],
    [9, '9 control planes; 7 are the most'],
  ])('%d are refused', (count, message) => {
    expect(messages({ nodes: withMembers(count) })).toEqual([expect.stringContaining(message)]);
  });
});

describe('copies of snapshots', () => {
  const backup = (changed: Partial<ClusterSpec['backup']>) => messages({ backup: { ...spec.backup, ...changed } });
  test('are sealed, or plain by a word', () => {
    expect(backup({ copyTo: '/mnt' })).toEqual([
      expect.stringMatching(/name backup.recipients .* backup.copyPlain: true$/),
    ]);
    expect(backup({ copyTo: ['cat'], recipients: ['age1x'] })).toEqual([]);
    expect(backup({ copyTo: '/mnt', copyPlain: true })).toEqual([]);
    expect(backup({ recipients: ['age1x'] })).toEqual([]);
  });
});

describe('networks', () => {
  test.each<[Partial<NetworkSpec>, number]>([
    [{ nodeCidr: '10.0.0.0/16' }, 0],
    [{ nodeCidr: '10.244.5.0/24' }, 1],
    [{ nodeCidr: '10.0.0.0/8' }, 2],
    [{ podCidr: '10.96.0.0/16' }, 1],
    [{ apiAddress: '10.244.0.1' }, 1],
    [{ apiAddress: '10.96.0.1' }, 1],
    [{ apiAddress: '127.0.0.2' }, 1],
    [{ apiAddress: '0.0.0.0' }, 1],
    [{ apiAddress: '224.0.0.1' }, 1],
    [{ apiAddress: '255.255.255.255' }, 1],
    [{ apiAddress: '192.0.2.1' }, 0],
    [{ dnsAddress: '10.96.0.2' }, 0],
    [{ dnsAddress: '10.96.0.0' }, 1],
    [{ dnsAddress: '10.96.0.1' }, 1],
    [{ dnsAddress: '10.96.255.255' }, 1],
    [{ dnsAddress: '10.95.0.10' }, 1],
    [{ serviceCidr: '10.96.0.0/12', podCidr: '10.244.0.0/16' }, 0],
    [{ serviceCidr: '10.0.0.0/11', dnsAddress: '10.0.0.10' }, 1],
    [{ serviceCidr: '10.96.0.0/28' }, 0],
    [{ serviceCidr: '10.96.0.0/29' }, 1],
    [{ podCidr: '10.244.0.0/20' }, 0],
    [{ podCidr: '10.244.0.0/21' }, 1],
    [{ nodePrefix: 15 }, 1],
    [{ mode: 'manifest' }, 1],
    [{ mode: 'manifest', manifest: '/cni.yaml' }, 0],
    [{ mode: 'manifest', manifest: 'http://example.org/cni.yaml' }, 1],
    [{ mode: 'vxlan', manifest: '/cni.yaml' }, 1],
  ])('%j: %d problems', (changed, count) => expect(network(changed)).toHaveLength(count));
});

test('the API server takes no port of another component', () => {
  const port = (number: number): string[] => messages({ apiServer: { ...spec.apiServer, port: number } });
  expect(port(443)).toEqual([]);
  expect(port(10250)).toEqual(["port 10250 is kubelet's"]);
});

test('an etcd that memory is not safe with is refused, whoever named it', () => {
  expect(messages({ etcd: '3.6.10' })).toEqual([expect.stringContaining('older than 3.6.11')]);
  expect(messages({ etcd: '3.4.23' })).toEqual([expect.stringContaining('not supported; use 3.5.32')]);
});

test('a version outside the table is told together with the rest', () => {
  expect(messages({ kubernetes: '1.20.2', nodes: withMembers(2) })).toEqual([
    expect.stringContaining('"1.20.2" is not in the version table; use MAJOR.MINOR.PATCH'),
    expect.stringContaining('2 control planes'),
  ]);
});
