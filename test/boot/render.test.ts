import { describe, expect, test } from 'vitest';
import { renderBoot } from '../../src/boot/render.js';
import type { DisklessError } from '../../src/errors.js';
import { plan, WITH_MACS } from './fixture.js';

const namesOf = (given: Parameters<typeof plan>[0]): string[] => renderBoot(plan(given)).map(({ name }) => name);

function refused(given: Parameters<typeof plan>[0]): DisklessError {
  try {
    renderBoot(plan(given));
  } catch (error) {
    return error as DisklessError;
  }
  throw new Error('it is rendered');
}

describe('which files there are', () => {
  test('machines with a MAC address have a script and an Ignition file of their own; a stranger is told so', () => {
    expect(namesOf({})).toEqual([
      'boot.ipxe',
      'default.ipxe',
      'mac-52-54-00-00-00-04.ipxe',
      's4.ign',
      'mac-52-54-00-00-00-05.ipxe',
      's5.ign',
      'dnsmasq.conf',
    ]);
    const stranger = renderBoot(plan()).find(({ name }) => name === 'default.ipxe');
    expect(stranger?.text).toContain('does not know this machine');
  });

  test('machines without one share theirs, and take their name from DHCP', () => {
    const files = renderBoot(plan({ hosts: [...WITH_MACS.slice(0, 1), { name: 's6' }, { name: 's7' }] }));
    expect(files.map(({ name }) => name)).toEqual([
      'boot.ipxe',
      'default.ipxe',
      'default.ign',
      'mac-52-54-00-00-00-04.ipxe',
      's4.ign',
      'dnsmasq.conf',
    ]);
    const text = (name: string): string => files.find((file) => file.name === name)?.text ?? '';
    expect(text('default.ipxe')).toContain('http://10.0.0.1:8080/default.ign');
    expect(text('default.ign')).not.toContain('/etc/hostname');
    expect(text('s4.ign')).toContain('data:,s4%0A');
  });

  test("the user's own Ignition is in every machine's, with the files it holds, and leaves nothing to fetch", () => {
    const child = { ignition: { version: '3.0.0' }, storage: { files: [{ path: '/etc/motd', mode: 420 }] } };
    const merge = [{ source: `data:,${encodeURIComponent(JSON.stringify(child))}` }];
    const extra = JSON.stringify({ ignition: { version: '3.3.0', config: { merge } }, systemd: {} });
    const texts = renderBoot(plan({ extra })).flatMap(({ kind, text }) => (kind === 'ignition' ? [text] : []));
    expect(texts).toHaveLength(2);
    for (const { ignition, storage } of texts.map((text) => JSON.parse(text))) {
      expect(ignition).toEqual({ version: '3.3.0' });
      expect(storage.files.at(-1)).toEqual({ path: '/etc/motd', mode: 420 });
      expect(storage.files.length).toBeGreaterThan(2);
    }
  });

  test('no dnsmasq.conf where nothing tells the network', () => {
    expect(namesOf({ url: 'http://boot.lab' })).not.toContain('dnsmasq.conf');
  });
});

describe('what is not rendered', () => {
  test('Ignition that contradicts, with its place', () => {
    const extra = '{"ignition": {"version": "3.3.0"},\n "storage": {"files": [{"path": "/etc/hostname", "mode": 0}]}}';
    expect(refused({ extra })).toMatchObject({
      code: 'config-invalid',
      exit: 2,
      message: expect.stringMatching(/^extra\.ign:2:\d+ storage\.files\[0\]\.mode says something else/),
    });
    const nameless = [{ name: 's6' }];
    expect(() => renderBoot(plan({ extra, hosts: nameless }))).not.toThrow();
  });

  test('nor what files inside it contradict', () => {
    const child = { ignition: { version: '3.3.0' }, passwd: { users: [{ name: 'core', shouldExist: false }] } };
    const merge = [{ source: `data:,${encodeURIComponent(JSON.stringify(child))}` }];
    expect(refused({ extra: JSON.stringify({ ignition: { version: '3.3.0', config: { merge } } }) })).toMatchObject({
      exit: 2,
      message: expect.stringMatching(
        /^extra\.ign:1:\d+ ignition\.config\.merge\[0\]\.source: passwd\.users\[0\]\.shouldExist changes/,
      ),
    });
  });

  test('a secret on the kernel command line', () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln';
    const error = refused({ boot: { kernelArgs: [`token=${token}`] } });
    expect(error).toMatchObject({ code: 'boot-secret', exit: 2 });
    expect(error.message).toContain('mac-52-54-00-00-00-04.ipxe would hold a token');
    expect(JSON.stringify(error)).not.toContain(token);
  });
});
