import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { chooseBootUrl } from '../../src/boot/boot-url.js';
import type { DisklessError } from '../../src/errors.js';

type Given = Partial<Parameters<typeof chooseBootUrl>[0]>;

function v4(cidr: string, internal = false): NetworkInterfaceInfo {
  const [address = ''] = cidr.split('/');
  return { address, cidr, netmask: '', family: 'IPv4', mac: '', internal };
}
const v6: NetworkInterfaceInfo = {
  address: 'fd00::1',
  cidr: 'fd00::1/64',
  netmask: '',
  family: 'IPv6',
  mac: '',
  internal: false,
  scopeid: 0,
};
const LO = { lo: [v4('127.0.0.1/8', true)] };
const ONE = { ...LO, eno1: [v6, v4('10.0.0.1/24')] };
const TWO = { ...ONE, eno2: [v4('192.168.7.3/24')] };

function choose(settings: Given, interfaces: Parameters<typeof chooseBootUrl>[1]) {
  return chooseBootUrl({ dhcp: {}, ...settings }, interfaces);
}

describe('where machines fetch from', () => {
  test('as configured, whatever addresses this machine has', () => {
    expect(choose({ url: 'http://boot.lab' }, TWO)).toEqual({ url: 'http://boot.lab' });
  });

  test('the address to bind to, when it is one', () => {
    expect(choose({ listen: '192.168.7.3:80' }, TWO).url).toBe('http://192.168.7.3:80');
  });

  test('the only address there is, and a word about it', () => {
    const { url, note } = choose({}, ONE);
    expect(url).toBe('http://10.0.0.1:8080');
    expect(note).toContain('eno1');
    expect(choose({ listen: '0.0.0.0:80' }, ONE).url).toBe('http://10.0.0.1:80');
  });

  test("of several the one in the machines' network", () => {
    expect(choose({ dhcp: { range: '192.168.7.100-192.168.7.200' } }, TWO).url).toBe('http://192.168.7.3:8080');
    expect(choose({ dhcp: { network: '10.0.0.0/16' } }, TWO).url).toBe('http://10.0.0.1:8080');
  });
});

describe('it is never guessed', () => {
  const refused = (settings: Given, interfaces: Parameters<typeof chooseBootUrl>[1]): DisklessError => {
    try {
      choose(settings, interfaces);
    } catch (error) {
      return error as DisklessError;
    }
    throw new Error('it is chosen');
  };

  test('among several addresses, which are listed', () => {
    expect(refused({}, TWO)).toMatchObject({ code: 'boot-url-unknown', exit: 2 });
    expect(refused({}, TWO).detail).toBe('eno1  10.0.0.1\neno2  192.168.7.3');
    expect(refused({}, TWO).hint).toContain('--url http://10.0.0.1:8080');
  });

  test('a network that none of them is in decides nothing', () => {
    expect(refused({ dhcp: { network: '172.16.0.0/16' } }, TWO).code).toBe('boot-url-unknown');
  });

  test('a port that only the system will know', () => {
    expect(refused({ listen: '10.0.0.1:0' }, ONE)).toMatchObject({ code: 'boot-url-unknown', exit: 2 });
  });

  test('without any address', () => {
    expect(refused({}, LO).message).toContain('no address');
  });
});
