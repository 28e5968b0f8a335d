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
    const extra = await readExtraIgnition(file, '3.3.0');
    expect(extra.config).toEqual(config);
    expect(extra.place(['storage', 'disks', 0])).toMatch(/extra\.ign:1:\d+ storage\.disks\[0\]$/);
  });

  test('of 2.x goes into a file of 2.x', () => {
    expect(said('{"ignition": {"version": "2.1.0"}}', '2.2.0')).toBe('accepted');
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
