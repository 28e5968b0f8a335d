import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseExtraIgnition, readExtraIgnition } from '../../../src/boot/ignition/extra.js';
import type { IgnitionVersion } from '../../../src/config/boot-schema.js';
import type { DisklessError } from '../../../src/errors.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extra-'));
});
afterAll(() => rm(directory, { recursive: true }));

function said(text: string, version: IgnitionVersion = '3.3.0'): string {
  try {
    parseExtraIgnition({ file: 'extra.ign', text, version });
  } catch (error) {
    const { exit, message, detail } = error as DisklessError;
    return `${exit} ${detail ?? message}`;
  }
  return 'accepted';
}

const withFile = (file: object): string =>
  JSON.stringify({ ignition: { version: '3.3.0' }, storage: { files: [{ path: '/x', ...file }] } });
const SECRET = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n';

describe("a user's own Ignition", () => {
  test('is read, and what is unknown stays', async () => {
    const file = join(directory, 'extra.ign');
    const config = { ignition: { version: '3.1.0' }, storage: { disks: [{ device: '/dev/sda' }] } };
    await writeFile(file, JSON.stringify(config));
    const [extra, ...others] = await readExtraIgnition(file, '3.3.0');
    expect(extra?.config).toEqual(config);
    expect(extra?.place(['storage', 'disks', 0])).toMatch(/extra\.ign:1:\d+ storage\.disks\[0\]$/);
    expect(others).toEqual([]);
  });
});

describe('files inside the file', () => {
  const inline = (config: object): string => `data:,${encodeURIComponent(JSON.stringify(config))}`;
  const withConfig = (config: object, version = '3.3.0'): string =>
    JSON.stringify({ ignition: { version, config }, storage: { files: [{ path: '/x', mode: 420 }] } });
  const inner = { ignition: { version: '3.1.0' }, storage: { files: [{ path: '/y' }] } };

  test('stand beside it, those inside them too', () => {
    const middle = { ignition: { version: '3.0.0', config: { merge: [{ source: inline(inner) }] } } };
    const zipped = `data:;base64,${gzipSync(JSON.stringify({ ...inner, systemd: {} })).toString('base64')}`;
    const merge = [{ source: inline(middle) }, { source: zipped, compression: 'gzip' }];
    const text = withConfig({ merge, replace: { verification: {} } });
    const parts = parseExtraIgnition({ file: 'extra.ign', text, version: '3.3.0' });
    expect(parts.map(({ config }) => config)).toEqual([
      { ignition: { version: '3.3.0' }, storage: { files: [{ path: '/x', mode: 420 }] } },
      { ignition: { version: '3.0.0' } },
      inner,
      { ...inner, systemd: {} },
    ]);
    expect(parts[2]?.place(['storage', 'files', 0])).toMatch(
      /^extra\.ign:1:\d+ ignition\.config\.merge\[0\]\.source: ignition\.config\.merge\[0\]\.source: storage\.files\[0\]$/,
    );
  });

  test.each([
    [
      'what would replace everything',
      { replace: { source: 'data:,%7B%7D' } },
      /extra\.ign:1:\d+ ignition\.config\.replace would take the place of all/,
    ],
    [
      'a file that is fetched at boot',
      { merge: [{ source: 'https://config.lab/x.ign' }] },
      /ignition\.config\.merge\[0\]\.source is fetched at boot .*; put its content here/,
    ],
    [
      'what is no Ignition',
      { merge: [{ source: 'data:,hello' }] },
      /ignition\.config\.merge\[0\]\.source is no data: URL/,
    ],
    [
      'of another major version',
      { merge: [{ source: inline({ ignition: { version: '2.2.0' } }) }] },
      /ignition\.config\.merge\[0\]\.source: ignition\.version is 2\.2\.0/,
    ],
    [
      'with a mistake in it',
      { merge: [{ source: inline({ ...inner, systemd: { units: [{ name: 'x' }] } }) }] },
      /ignition\.config\.merge\[0\]\.source: systemd\.units\[0\]\.name is not the name of a systemd unit/,
    ],
    [
      'that contradicts the file around it',
      { merge: [{ source: inline({ ...inner, storage: { files: [{ path: '/x', mode: 0 }] } }) }] },
      /ignition\.config\.merge\[0\]\.source: storage\.files\[0\]\.mode says something else than the file around it$/,
    ],
  ])('%s is refused', (_title, config, problem) => {
    expect(said(withConfig(config))).toMatch(problem);
    expect(said(withConfig(config)).split('\n')).toHaveLength(1);
  });
});

describe('what is refused, with its place', () => {
  test.each([
    ['{"ignition": {"version": "3.3.0"}', /^2 extra\.ign:1:\d+ /],
    ['{}', /^2 extra\.ign:1:1 ignition is missing/],
    ['{"ignition": {"version": 3}}', /extra\.ign:1:26 ignition\.version must be a text/],
    [
      '{"ignition": {"version": "3.4.0"}}',
      /extra\.ign:1:26 ignition\.version is 3\.4\.0, which cannot be part of .* 3\.3\.0/,
    ],
    ['{"ignition": {"version": "2.2.0"}}', /ignition\.version is 2\.2\.0/],
    ['variant: fcos\nversion: 1.4.0', /^2 extra\.ign is Butane/],
    [
      '{"ignition": {"version": "3.3.0"},\n "systemd": {"units": [{"name": "x"}]}}',
      /extra\.ign:2:\d+ systemd\.units\[0\]\.name is not the name of a systemd unit/,
    ],
    [
      '{"ignition": {"version": "3.3.0"},\n "storage": {"files": [{"path": "etc/x", "mode": 9999}]}}',
      /extra\.ign:2:\d+ storage\.files\[0\]\.path is not an absolute path\n.*mode must be at most 4095/,
    ],
    [
      '{"ignition": {"version": "3.3.0"},\n "storage": {"files": [{"path": "/x"}, {"path": "/y/../x"}]}}',
      /extra\.ign:2:\d+ storage\.files\[1\] speaks of \/x a second time/,
    ],
  ])('%j', (text, problem) => {
    expect(said(text)).toMatch(problem);
  });

  test('a file that is not there', async () => {
    await expect(readExtraIgnition(join(directory, 'none'), '3.3.0')).rejects.toMatchObject({
      code: 'ignition-unreadable',
      exit: 2,
    });
  });
});

describe('secrets, which would lie open on the network', () => {
  const source = (text: string): string => `data:,${encodeURIComponent(text)}`;
  const base64 = (data: string | Buffer): string => `data:;base64,${Buffer.from(data).toString('base64')}`;
  test.each([
    ['a private key', withFile({ contents: { source: source(SECRET) } })],
    ['a private key', withFile({ contents: { source: base64(SECRET) } })],
    ['a private key', withFile({ contents: { compression: 'gzip', source: base64(gzipSync(SECRET)) } })],
    ["a kubeconfig with a client's key", withFile({ contents: { source: source('users:\n- client-key-data: LS0t') } })],
    ['a token', withFile({ contents: { source: source('eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln') } })],
    [
      'a password hash',
      JSON.stringify({
        ignition: { version: '3.3.0' },
        passwd: { users: [{ name: 'core', passwordHash: '$y$j9T$abcdefgh$ijklmnop' }] },
      }),
    ],
  ])('%s', (what, text) => {
    const problem = said(text);
    expect(problem).toMatch(
      /^2 extra\.ign:1:\d+ (storage\.files\[0\]\.contents\.source|passwd\.users\[0\]\.passwordHash)/,
    );
    expect(problem).toContain(`holds ${what}`);
    expect(problem).not.toMatch(/MHcCAQEE|LS0t|c2ln|ijklmnop/);
  });

  test('in an Ignition file inside the file', () => {
    const inner = withFile({ contents: { source: source(SECRET) } });
    const merge = [{ source: source(inner) }];
    const problem = said(JSON.stringify({ ignition: { version: '3.3.0', config: { merge } } }));
    expect(problem).toMatch(/ignition\.config\.merge\[0\]\.source holds a private key/);
  });

  test('a certificate is none', () => {
    expect(said(withFile({ contents: { source: source('-----BEGIN CERTIFICATE-----\nMII') } }))).toBe('accepted');
  });
});
