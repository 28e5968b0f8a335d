import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readIdentityFile, readPassphraseFile } from '../../src/sealed/secret-file.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';

function secret(text: string, mode = 0o600): string {
  const path = join(temporaryDirectory(), 'secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

it('a passphrase is the first line, with its spaces', async () => {
  expect(await readPassphraseFile(secret(' a b \r\nnote\n', 0o400))).toBe(' a b ');
});

it('identities stand one a line, as age-keygen writes them', async () => {
  const text = '# created: 2026-11-30\n# public key: age1x\nAGE-SECRET-KEY-1A\n\nAGE-SECRET-KEY-1B\n';
  expect(await readIdentityFile(secret(text))).toEqual(['AGE-SECRET-KEY-1A', 'AGE-SECRET-KEY-1B']);
});

it.each([
  ['of which others may read', secret.bind(null, 'x', 0o640), 'others may read it (mode 640)'],
  ['that is empty', secret.bind(null, '\n'), 'its first line is empty'],
  ['that is not there', () => '/nowhere/secret', 'it cannot be read (ENOENT)'],
  ['that is a directory', () => temporaryDirectory(), 'it is no file'],
])('one %s is refused', async (_what, make, why) => {
  const error = await rejection(readPassphraseFile(make()));
  expect(error).toMatchObject({ code: 'secret-file', exit: 2, message: expect.stringContaining(why) });
});

it('an identity file without any is refused', async () => {
  expect(await rejection(readIdentityFile(secret('# none\n')))).toMatchObject({ code: 'secret-file' });
});
