import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { elfArchitecture } from '../../src/artifacts/elf.js';
import { fakeBinary } from '../helpers/release-directory.js';
import { temporaryDirectory } from './fixtures.js';

it.each([
  ['amd64', fakeBinary('x', 'amd64'), 'amd64'],
  ['arm64', fakeBinary('x', 'arm64'), 'arm64'],
  ['a big-endian s390x', Buffer.from('7f454c460202010000000000000000000002001600', 'hex'), 's390x'],
  ['a machine of the future', Buffer.from('7f454c46020101000000000000000000020039050000', 'hex'), 'ELF machine 1337'],
  ['a script', Buffer.from('#!/bin/sh\necho this is long enough\n'), undefined],
  ['an ELF header that breaks off', Buffer.from('7f454c460201', 'hex'), undefined],
])('reads the architecture of %s', async (_, data, expected) => {
  const path = join(temporaryDirectory(), 'binary');
  writeFileSync(path, data);
  expect(await elfArchitecture(path)).toBe(expected);
});

it('agrees with what runs this test', async () => {
  const expected = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  expect(await elfArchitecture(process.execPath)).toBe(expected);
});
