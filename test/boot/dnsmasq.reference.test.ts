import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { type DnsmasqInput, dnsmasqConfig } from '../../src/boot/dnsmasq.js';
import { renderBoot } from '../../src/boot/render.js';
import { URL, WITH_MACS } from './fixture.js';
import { VARIANTS } from './variants.js';

function config(given: Partial<DnsmasqInput> = {}): string | undefined {
  return dnsmasqConfig({ url: URL, arch: 'amd64', hosts: WITH_MACS, dhcp: {}, tftp: {}, timeServers: [], ...given });
}

/** Also before /usr/sbin is on an ordinary user's PATH. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

describe('dnsmasq itself reads what is written', () => {
  const configs = Object.entries(VARIANTS).flatMap(([variant, plan]) =>
    renderBoot(plan).flatMap(({ kind, text }) => (kind === 'dnsmasq' ? [{ variant, text }] : [])),
  );
  const test_ = (text: string) => spawnSync('dnsmasq', ['--test', '-C', '-'], { input: text, env, encoding: 'utf8' });

  test.each(configs)('$variant', ({ text }) => {
    const { status, stderr, error } = test_(text);
    expect(error).toBeUndefined();
    expect(stderr).toContain('syntax check OK');
    expect(status).toBe(0);
  });

  test('its check does see faults', () => {
    expect(test_('dhcp-range=nonsense\n').status).not.toBe(0);
  });
});

describe('proxy-DHCP', () => {
  test('answers nobody but the machines, once all of them are known by their MAC address', () => {
    expect(config()).toContain('dhcp-ignore=tag:!node');
    const everybody = config({ hosts: [...WITH_MACS, { name: 's6' }] });
    expect(everybody).not.toContain('dhcp-ignore');
    expect(everybody).toContain('# For every machine that boots over this network');
  });

  test('is for the network named, else for that of the boot URL', () => {
    expect(config()).toContain('dhcp-range=10.0.0.1,proxy\n');
    expect(config({ dhcp: { network: '10.64.0.0/12' } })).toContain('dhcp-range=10.64.0.0,proxy,255.240.0.0\n');
  });

  test('of a URL with a name there is no network, and no file', () => {
    expect(config({ url: 'http://boot.lab' })).toBeUndefined();
    expect(config({ url: 'http://boot.lab', dhcp: { network: '10.0.0.0/24' } })).toContain('dhcp-range=10.0.0.0,proxy');
    expect(config({ url: 'http://boot.lab', dhcp: { range: '10.0.0.9-10.0.0.10' } })).toContain('dhcp-range=10.0.0.9,');
  });
});

test('a DHCP server of its own names no gateway unless there is one', () => {
  const range = '10.0.0.100-10.0.0.200';
  expect(config({ dhcp: { range } })).toContain('dhcp-option=option:router\n');
  expect(config({ dhcp: { range, gateway: '10.0.0.9' } })).toContain('dhcp-option=option:router,10.0.0.9\n');
});

test('arm64 machines get a UEFI loader and nothing for a BIOS', () => {
  const text = config({ arch: 'arm64', dhcp: { range: '10.0.0.100-10.0.0.200' }, tftp: { uefi: 'snp-arm64.efi' } });
  expect(text).toContain('dhcp-match=set:arch11,option:client-arch,11\ndhcp-boot=tag:!ipxe,tag:arch11,snp-arm64.efi\n');
  expect(text).not.toContain('kpxe');
});
