import { describe, expect, test } from 'vitest';
import { bootHosts } from '../../src/boot/hosts.js';
import { parseConfig } from '../../src/config/load.js';
import type { NodeSpec } from '../../src/config/spec.js';
import type { DisklessError } from '../../src/errors.js';

const YAML = `hosts:
  - {name: s4, mac: 52-54-00-AA-00-04, nodeIp: 10.0.0.4}
  - {name: s5, mac: "52:54:00:aa:00:05"}
  - s6
`;
const recorded: NodeSpec[] = [
  { name: 's4', role: 'worker', ssh: { host: 's4' }, labels: {}, podCidr: '10.244.0.0/24', mac: '52:54:00:00:00:04' },
];

interface Given {
  yaml?: string;
  hosts?: string;
  macs?: string;
  recorded?: NodeSpec[];
  dhcp?: { range?: string; network?: string };
}

function hostsOf({ yaml, recorded: known = [], dhcp = {}, ...flags }: Given) {
  return bootHosts({
    recorded: known,
    cluster: 'default',
    dhcp,
    ...flags,
    ...(yaml !== undefined && { file: parseConfig('c.yaml', yaml) }),
  });
}

function refused(given: Given): DisklessError {
  try {
    hostsOf(given);
  } catch (error) {
    return error as DisklessError;
  }
  throw new Error('it is accepted');
}

describe('the machines', () => {
  test('of the file, with what it says of them', () => {
    expect(hostsOf({ yaml: YAML })).toEqual([
      { name: 's4', mac: '52:54:00:aa:00:04', nodeIp: '10.0.0.4' },
      { name: 's5', mac: '52:54:00:aa:00:05' },
      { name: 's6' },
    ]);
  });

  test('of --hosts; the file still tells their addresses', () => {
    expect(hostsOf({ yaml: YAML, hosts: 's5,s7' })).toEqual([{ name: 's5', mac: '52:54:00:aa:00:05' }, { name: 's7' }]);
  });

  test('of the recorded cluster', () => {
    expect(hostsOf({ recorded })).toEqual([{ name: 's4', mac: '52:54:00:00:00:04' }]);
  });

  test('--mac wins', () => {
    const macs = 's4=52:54:00:BB:00:04, s6=52-54-00-bb-00-06';
    expect(hostsOf({ yaml: YAML, macs }).map(({ mac }) => mac)).toEqual([
      '52:54:00:bb:00:04',
      '52:54:00:aa:00:05',
      '52:54:00:bb:00:06',
    ]);
  });
});

describe('what is refused', () => {
  test('no machines at all', () => {
    expect(refused({})).toMatchObject({ code: 'no-hosts', exit: 2, hint: expect.stringContaining('boot render') });
  });

  test('one address for two, with its place in the file', () => {
    const yaml = YAML.replace('52:54:00:aa:00:05', '52:54:00:aa:00:04');
    expect(refused({ yaml })).toMatchObject({
      exit: 2,
      message: 'c.yaml:3:21 hosts[1].mac: s5 has the same MAC address as s4: 52:54:00:aa:00:04',
    });
    expect(refused({ yaml: YAML, macs: 's6=52:54:00:aa:00:04' }).message).toBe(
      's6 has the same MAC address as s4: 52:54:00:aa:00:04',
    );
  });

  test.each([
    ['s9=52:54:00:00:00:09', /s9 is not among the hosts/],
    ['s4=52:54', /"s4=52:54": "52:54" is not a MAC address/],
    ['s4', /"" is not a MAC address/],
    ['s4=52:54:00:00:00:04,s4=52:54:00:00:00:05', /s4 is given twice/],
    ['', /the node name ""/],
  ])('--mac %j', (macs, message) => {
    expect(refused({ yaml: YAML, macs })).toMatchObject({ code: 'config-invalid', exit: 2 });
    expect(refused({ yaml: YAML, macs }).message).toMatch(message);
  });

  test('an address that our own DHCP server has no network for, with its place in the file', () => {
    const range = '10.1.0.100-10.1.0.200';
    const dhcp = { range, network: '10.1.0.0/24' };
    expect(refused({ yaml: YAML, dhcp })).toMatchObject({
      exit: 2,
      message: expect.stringMatching(/^c\.yaml:2:\d+ hosts\[0\]\.nodeIp: the address 10\.0\.0\.4 of s4 lies outside/),
    });
    const fine: NonNullable<Given['dhcp']>[] = [
      { range },
      { network: '10.1.0.0/24' },
      { range: '10.0.0.8-10.0.0.9', network: '10.0.0.0/24' },
    ];
    for (const each of fine) expect(hostsOf({ yaml: YAML, dhcp: each })).toHaveLength(3);
    expect(hostsOf({ yaml: 'hosts: [{name: s4, nodeIp: 10.0.0.4}]', dhcp })).toHaveLength(1);
  });

  test('a machine whose files would be those of any machine', () => {
    expect(refused({ hosts: 'default' }).message).toContain('default.ign');
  });
});
