import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { resolveSpec } from '../../src/config/resolve.js';
import { writeClusterRecord } from '../../src/state/record-files.js';
import { prepareStateDir, stateDirAt } from '../../src/state/state-dir.js';
import { OPERATOR } from '../helpers/sample-facts.js';
import { createOperator } from './cli.js';

const URL = ['--url', 'http://10.0.0.1:8080'];

describe('boot render', () => {
  test('shows the files, each under its name', async () => {
    const { run } = createOperator();
    const { exit, stdout, stderr } = await run(['boot', 'render', '--hosts', 's4,s5,s6', '--os', 'flatcar', ...URL]);
    expect(exit).toBe(0);
    expect(stderr).toMatch(/^dnsmasq\.conf answers every machine .* of s4, s5, s6 \(--mac s4=…\)\n$/);
    expect(stdout.match(/^==> .* <==$/gm)).toEqual([
      '==> boot.ipxe <==',
      '==> default.ipxe <==',
      '==> default.ign <==',
      '==> dnsmasq.conf <==',
    ]);
  });

  test('writes them for any web server, and names those that are left of an earlier time', async () => {
    const { home, run } = createOperator();
    const out = join(home, 'out/boot');
    const macs = ['--mac', 's4=52:54:00:00:00:04,s5=52:54:00:00:00:05'];
    const first = await run(['boot', 'render', '--hosts', 's4,s5', ...macs, ...URL, '--out', out]);
    expect(first).toMatchObject({ exit: 0, stderr: '' });
    expect(first.stdout).toContain(`${join(out, 's4.ign')}  (s4)\n`);
    expect(readdirSync(out).toSorted()).toEqual([
      'boot.ipxe',
      'default.ipxe',
      'dnsmasq.conf',
      'mac-52-54-00-00-00-04.ipxe',
      'mac-52-54-00-00-00-05.ipxe',
      's4.ign',
      's5.ign',
    ]);
    const second = await run([
      'boot',
      'render',
      '--hosts',
      's4',
      '--mac',
      's4=52:54:00:00:00:04',
      ...URL,
      '--out',
      out,
    ]);
    expect(second.exit).toBe(0);
    expect(second.stderr).toContain('mac-52-54-00-00-00-05.ipxe, s5.ign, which no host needs any more');
  });

  test('as JSON, for programs', async () => {
    const { run } = createOperator();
    const { exit, stdout } = await run([
      'boot',
      'render',
      '--hosts',
      's4',
      '--output',
      'json',
      '--url',
      'http://boot.lab',
    ]);
    const { v, files, notes } = JSON.parse(stdout);
    expect({ exit, v, names: files.map(({ name }: { name: string }) => name) }).toEqual({
      exit: 0,
      v: 1,
      names: ['boot.ipxe', 'default.ipxe', 'default.ign'],
    });
    expect(notes).toEqual([expect.stringContaining('--dhcp-network')]);
  });

  const mac = ['--mac', 's4=52:54:00:00:00:04'];
  const notesOf: [string, string[], RegExp[]][] = [
    ['a proxy for known machines only', [...URL, ...mac], []],
    ['a DHCP server of its own', [...URL, '--dhcp-range', '10.0.0.100-10.0.0.200'], []],
    ['a loader for another architecture', [...URL, ...mac, '--arch', 'arm64'], [/boot\.tftp\.uefi/]],
    [
      'IPv6',
      ['--url', 'http://[fd00::1]:8080', ...mac],
      [/^no dnsmasq\.conf: machines fetch from an IPv6 address, .*--dhcp-network/],
    ],
  ];
  test.each(notesOf)('what is said of dnsmasq.conf: %s', async (_title, args, notes) => {
    const { stdout } = await createOperator().run(['boot', 'render', '--output', 'json', '--hosts', 's4', ...args]);
    expect(JSON.parse(stdout).notes).toEqual(notes.map((words) => expect.stringMatching(words)));
  });

  test('from the config file, flags and variables over it', async () => {
    const { home, run } = createOperator();
    const config = join(home, 'lab.yaml');
    writeFileSync(
      config,
      'hosts: [{name: s4, mac: "52:54:00:00:00:04"}]\nboot:\n  os: fcos\n  url: http://10.0.0.1\n  kernelArgs: [quiet]\n',
    );
    const fromFile = await run(['boot', 'render', '--config', config]);
    expect(fromFile.stdout).toContain('rootfs_url=http://10.0.0.1/images/fcos/rootfs.img');
    expect(fromFile.stdout).toContain(' quiet || goto failed');
    const args = ['boot', 'render', '--config', config, '--os', 'flatcar'];
    const { stdout } = await run(args, { K8S_DISKLESS_ROOT_SIZE: '6G', K8S_DISKLESS_KERNEL_ARGS: 'console=ttyS0' });
    expect(stdout).toContain('flatcar.first_boot=1 ');
    expect(stdout).toContain(' rootflags=size=6G console=ttyS0 || goto failed');
  });

  test('of the recorded cluster, as its file said when it was made', async () => {
    const { run, stateDir } = createOperator();
    const yaml = 'hosts: [{name: s4, mac: "52:54:00:00:00:04"}]\nboot: {url: "http://10.0.0.1", rootSize: 5G}';
    const { spec } = resolveSpec({ file: parseConfig('c', yaml), flags: {}, defaults: { kubernetes: '1.37.2' } });
    const state = stateDirAt(stateDir);
    await prepareStateDir(state);
    const etcd = { incarnation: 0, phase: 'none' as const, token: '', members: [], bootIds: {} };
    await writeClusterRecord(state, { clusterId: '00', operator: OPERATOR, spec, etcd });
    const { exit, stdout } = await run(['boot', 'render']);
    expect(exit).toBe(0);
    expect(stdout).toContain('==> mac-52-54-00-00-00-04.ipxe <==');
    expect(stdout).toContain('rootflags=size=5G');
  });
});

describe('bad input ends with 2, its place and what to do', () => {
  test('in the config file', async () => {
    const { home, run } = createOperator();
    const config = join(home, 'lab.yaml');
    writeFileSync(config, 'hosts: [s4]\nboot:\n  rootSize: half\n');
    const { exit, stderr } = await run(['boot', 'render', '--config', config, ...URL]);
    expect(exit).toBe(2);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(`lab.yaml:3:13 boot.rootSize "half" is not a size`);
  });

  test('between the config file and a flag', async () => {
    const { home, run } = createOperator();
    const config = join(home, 'lab.yaml');
    writeFileSync(config, 'hosts: [s4]\nboot:\n  channel: testing\n');
    const { exit, stderr } = await run([
      'boot',
      'render',
      '--config',
      config,
      '--root-size',
      '5G',
      '--os',
      'fcos',
      ...URL,
    ]);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/--root-size: Fedora CoreOS does not take/);
    const other = await run(['boot', 'render', '--config', config, ...URL]);
    expect(other.stderr.replaceAll(/\s+/g, ' ')).toMatch(
      /lab\.yaml:3:12 boot\.channel: testing: Flatcar .* has the channels/,
    );
  });

  const cases: [string, string[], RegExp][] = [
    ['no hosts', [], /no hosts are given/],
    ['no such config', ['--config', '/nonexistent'], /\/nonexistent cannot be read/],
    ['a MAC address', ['--hosts', 's4', '--mac', 's4=5'], /--mac: "s4=5": "5" is not a MAC address/],
    ['a range', ['--hosts', 's4', '--dhcp-range', '10.0.0.1'], /--dhcp-range "10.0.0.1" is not a range of addresses/],
    ['a private key', ['--hosts', 's4', '--ssh-keys', '/nonexistent.pub'], /\/nonexistent\.pub cannot be read/],
    [
      'an operating system',
      ['--hosts', 's4', '--os', 'windows'],
      /--os must be one of flatcar, fcos, generic, not the text "windows"/,
    ],
    ['one that has ended', ['--hosts', 's4', '--os', 'coreos'], /--os coreos, CoreOS Container Linux .* use flatcar/],
    [
      'an Ignition that has ended',
      ['--hosts', 's4', '--ignition-version', '2.2.0'],
      /--ignition-version 2\.2\.0, .*Flatcar/,
    ],
    ['no such Ignition', ['--hosts', 's4', '--ignition', '/nonexistent'], /--ignition/],
    ['a place to write', ['--hosts', 's4', '--out', '/dev/null/out'], /cannot be written to \/dev\/null\/out/],
  ];
  test.each(cases)('%s', async (_title, args, words) => {
    const { exit, stdout, stderr } = await createOperator().run(['boot', 'render', ...URL, ...args]);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(words);
  });

  test('nobody could log in', async () => {
    const { home, run } = createOperator();
    writeFileSync(join(home, '.ssh/id.pub'), '');
    const { exit, stderr } = await run(['boot', 'render', '--hosts', 's4', ...URL]);
    expect(exit).toBe(2);
    expect(stderr).toContain('no SSH key is known');
  });
});
