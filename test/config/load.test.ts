import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load.js';

const DOCUMENT = new URL('../../docs/config.md', import.meta.url);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'config-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function load(yaml: string) {
  const file = join(directory, 'cluster.yaml');
  await writeFile(file, yaml);
  return (await loadConfig(file)).config;
}

describe('a valid file', () => {
  test('values are brought into one form', async () => {
    const config = await load(`
cluster: lab
kubernetes: v1.37.2
hosts:
  - s[4-6]
  - {name: s7, mac: 52-54-00-AA-BB-CC, labels: {rack: 7, gpu: true, example.org/x: ""}}
apiServer:
  extraArgs: {v: 3, profiling: false, audit-log-format: json}
ssh: {connectTimeout: 500ms}
`);
    expect(config).toEqual({
      cluster: 'lab',
      kubernetes: '1.37.2',
      hosts: [
        's[4-6]',
        { name: 's7', mac: '52:54:00:aa:bb:cc', labels: { rack: '7', gpu: 'true', 'example.org/x': '' } },
      ],
      apiServer: { extraArgs: { v: '3', profiling: 'false', 'audit-log-format': 'json' } },
      ssh: { connectTimeout: 500 },
    });
  });

  test.each([
    ['7', 7000],
    ['0.5', 500],
    ['7s', 7000],
    ['1.5s', 1500],
    ['2m', 120_000],
  ])('connectTimeout %s is %d ms', async (text, milliseconds) => {
    expect((await load(`ssh: {connectTimeout: ${text}}`)).ssh?.connectTimeout).toBe(milliseconds);
  });

  test.each(['0s', '0', '86401', '1441m', '25h', '-5s', '5d'])('connectTimeout %s is refused', async (text) => {
    await expect(load(`ssh: {connectTimeout: ${text}}`)).rejects.toMatchObject({ exit: 2 });
  });

  test('paths are meant from where the file lies', async () => {
    const config = await load(`
artifacts: mirror
images: ~/images
ssh: {configFile: /etc/ssh/lab}
network: {mode: manifest, manifest: https://example.org/cni.yaml}
`);
    expect(config.artifacts).toBe(join(directory, 'mirror'));
    expect(config.images).toBe(join(homedir(), 'images'));
    expect(config.ssh?.configFile).toBe('/etc/ssh/lab');
    expect(config.network?.manifest).toBe('https://example.org/cni.yaml');
  });
});

describe('the section boot', () => {
  const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL/LJ5xUJf70f+ngnJMwuPyGthNK0fKgEP67vLC3gQJ0 me@lab';

  test('paths are meant from where the file lies; keys, URLs and places on the boot server stay', async () => {
    const { boot } = await load(`
boot:
  images: images
  keyring: ~/flatcar.asc
  kernel: vmlinuz
  initrd: /srv/initrd.img
  ignition: extra.ign
  sshKeys: [keys/me.pub, "${KEY}"]
  url: http://10.0.0.1:8080/boot/
  tftp: {root: /srv/tftp}
`);
    expect(boot).toEqual({
      images: join(directory, 'images'),
      keyring: join(homedir(), 'flatcar.asc'),
      kernel: join(directory, 'vmlinuz'),
      initrd: '/srv/initrd.img',
      ignition: join(directory, 'extra.ign'),
      sshKeys: [join(directory, 'keys/me.pub'), KEY],
      url: 'http://10.0.0.1:8080/boot',
      tftp: { root: '/srv/tftp' },
    });
  });
});

describe('an audit policy', () => {
  const yaml = 'apiServer:\n  audit: {policy: audit.yaml}\n';
  const policy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n';

  test('becomes part of the config', async () => {
    await writeFile(join(directory, 'audit.yaml'), policy);
    expect((await load(yaml)).apiServer?.audit).toEqual({ policy });
  });

  test.each<[string, string | undefined, RegExp]>([
    ['is missing', undefined, /cluster\.yaml:2:19 apiServer\.audit\.policy .*audit\.yaml cannot be read \(ENOENT\)/],
    ['is something else', 'kind: Pod', /apiServer\.audit\.policy .*audit\.yaml is not a Policy of audit\.k8s\.io\/v1/],
    ['is empty', '', /is not a Policy/],
    ['is no YAML', 'kind: [', /audit\.yaml:1:8 /],
  ])('that %s', async (_case, text, message) => {
    await rm(join(directory, 'audit.yaml'), { force: true });
    if (text !== undefined) await writeFile(join(directory, 'audit.yaml'), text);
    await expect(load(yaml)).rejects.toMatchObject({ exit: 2, message: expect.stringMatching(message) });
  });
});

test('a place is that of the value, or of the mapping it would stand in', () => {
  const { has, place } = parseConfig('c.yaml', 'hosts: [s4]\nnetwork:\n  mtu: 1400\n');
  expect(place(['network', 'mtu'])).toBe('c.yaml:3:8 network.mtu');
  expect(place(['network', 'podCidr'])).toBe('c.yaml:3:3 network.podCidr');
  expect([has(['network', 'mtu']), has(['network', 'podCidr']), has(['hosts', 0])]).toEqual([true, false, true]);
});

test('a file that is not there is a usage error', async () => {
  const file = join(directory, 'missing.yaml');
  const message = `the config file ${file} cannot be read (ENOENT)`;
  await expect(loadConfig(file)).rejects.toMatchObject({ code: 'config-unreadable', exit: 2, message });
});

test('the example of docs/config.md is valid', async () => {
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(await readFile(DOCUMENT, 'utf8')) ?? [];
  expect(parseConfig('example.yaml', example).config.controlPlane).toEqual(['s4', 's5', 's6']);
});
