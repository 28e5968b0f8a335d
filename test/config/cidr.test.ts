import { describe, expect, test } from 'vitest';
import {
  addressProblem,
  cidrContains,
  cidrOverlaps,
  cidrProblem,
  cidrSize,
  formatAddress,
  formatCidr,
  nthAddress,
  nthSubnet,
  parseAddress,
  parseCidr,
  subnetCount,
} from '../../src/config/cidr.js';

describe('addresses', () => {
  test.each([
    ['0.0.0.0', 0],
    ['10.0.0.4', 0x0a000004],
    ['128.0.0.0', 0x80000000],
    ['255.255.255.255', 0xffffffff],
  ])('%s is %d and back', (text, number) => {
    expect(parseAddress(text)).toBe(number);
    expect(formatAddress(number)).toBe(text);
  });

  test.each([
    '',
    '10.0.0',
    '10.0.0.0.0',
    '10.0.0.256',
    '10.0.0.04',
    '10.0.0.-1',
    ' 10.0.0.1',
    '10.0.0.1 ',
    'fd00::1',
    '1',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(addressProblem(text)).toMatch(/is (not an IPv4 address|IPv6)/);
  });
});

describe('CIDRs', () => {
  test.each([
    ['10.244.0.0/16', '10.244.0.0/16'],
    ['10.244.7.9/16', '10.244.0.0/16'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['1.2.3.4/0', '0.0.0.0/0'],
    ['1.2.3.4', '1.2.3.4/32'],
  ])('%s is the network %s', (text, canonical) => {
    const cidr = parseCidr(text);
    expect(cidr && formatCidr(cidr)).toBe(canonical);
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0/8',
    'fd00::/64',
    'default',
  ])('%j is none', (text) => expect(parseCidr(text)).toBeUndefined());

  test.each([
    ['10.244.0.0/16', undefined],
    ['10.244.1.0/16', 'has bits set behind the prefix; the network is 10.244.0.0/16'],
    ['10.244.0.0', 'is not a CIDR such as 10.244.0.0/16'],
    ['fd00::/64', 'is IPv6, and only IPv4 is supported so far'],
  ])('what is wrong with %s: %s', (text, problem) => expect(cidrProblem(text)).toBe(problem));

  test.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['0.0.0.0/0', '255.0.0.1', true],
    ['192.168.1.1/32', '192.168.1.1', true],
    ['10.0.0.0/8', 'fd00::1', false],
  ])('%s contains %s: %s', (cidr, inner, expected) => expect(cidrContains(cidr, inner)).toBe(expected));

  test.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.1.0.0/16', '10.0.0.0/8', true],
    ['10.0.0.0/9', '10.128.0.0/9', false],
    ['10.0.0.0/8', 'fe80::/64', false],
  ])('%s overlaps %s: %s', (a, b, expected) => expect(cidrOverlaps(a, b)).toBe(expected));

  test('addresses are counted from the network address', () => {
    expect(nthAddress('10.96.0.0/16', 10)).toBe('10.96.0.10');
    expect(nthAddress('10.96.0.0/16', 65535)).toBe('10.96.255.255');
    expect(cidrSize('10.96.0.0/16')).toBe(65536);
    expect(() => nthAddress('10.96.0.0/30', 4)).toThrow(RangeError);
    expect(() => nthAddress('10.96.0.0/30', -1)).toThrow(RangeError);
  });

  test('subnets are counted from the first', () => {
    expect(nthSubnet('10.244.0.0/16', 24, 0)).toBe('10.244.0.0/24');
    expect(nthSubnet('10.244.0.0/16', 24, 255)).toBe('10.244.255.0/24');
    expect(nthSubnet('128.0.0.0/1', 2, 1)).toBe('192.0.0.0/2');
    expect(subnetCount('10.244.0.0/16', 24)).toBe(256);
    expect(subnetCount('10.244.0.0/16', 16)).toBe(1);
    expect(subnetCount('10.244.0.0/16', 15)).toBe(0);
    expect(() => nthSubnet('10.244.0.0/16', 24, 256)).toThrow(RangeError);
    expect(() => nthSubnet('nonsense', 24, 0)).toThrow(RangeError);
  });
});
