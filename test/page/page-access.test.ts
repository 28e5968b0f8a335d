import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isLoopback, readPageAccess } from '../../src/page/page-access.js';
import { createTestPki } from '../helpers/test-pki.js';

const TOKEN = '0123456789abcdef0123456789abcdef';

let directory: string;
let files: { tokenFile: string; tlsCertFile: string; tlsKeyFile: string };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'page-access-'));
  const pki = await createTestPki();
  const [one, other] = await Promise.all([pki.issue('page'), pki.issue('other')]);
  files = {
    tokenFile: await file('token', `${TOKEN}\n`),
    tlsCertFile: await file('cert.pem', one.cert, 0o644),
    tlsKeyFile: await file('key.pem', one.key),
  };
  await file('other.pem', other.key);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['128.0.0.1', false],
  ['::ffff:127.0.0.1', false],
])('%s is reached from this machine alone: %s', (host, only) => expect(isLoopback(host)).toBe(only));

it('on a loopback address nothing is needed', async () => {
  expect(await readPageAccess({ host: '127.0.0.1' })).toEqual({ isLoopback: true });
});

it('what is configured holds there, too', async () => {
  expect(await readPageAccess({ host: '::1', tokenFile: files.tokenFile })).toEqual({ isLoopback: true, token: TOKEN });
});

it('elsewhere TLS and a token', async () => {
  const access = await readPageAccess({ host: '0.0.0.0', ...files });
  expect(access).toMatchObject({ isLoopback: false, token: TOKEN, tls: { key: expect.stringContaining('KEY') } });
});

it.each([
  [['tokenFile'], 'serve.page.tokenFile is not set'],
  [['tlsCertFile'], 'serve.page.tlsCertFile and serve.page.tlsKeyFile is not set'],
  [['tlsKeyFile'], 'serve.page.tlsCertFile and serve.page.tlsKeyFile is not set'],
  [['tlsCertFile', 'tlsKeyFile', 'tokenFile'], 'serve.page.tlsKeyFile, serve.page.tokenFile is not set'],
])('elsewhere it is refused without %s', async (lacking, message) => {
  const given = Object.entries(files).filter(([key]) => !lacking.includes(key));
  await expect(readPageAccess({ host: '0.0.0.0', ...Object.fromEntries(given) })).rejects.toMatchObject({
    code: 'page-unprotected',
    exit: 2,
    message: expect.stringContaining(message),
    hint: expect.stringContaining('127.0.0.1'),
  });
});

it.each(['tlsCertFile', 'tlsKeyFile'] as const)('half of TLS on a loopback address: %s alone', async (key) => {
  await expect(readPageAccess({ host: '127.0.0.1', [key]: files[key] })).rejects.toMatchObject({
    code: 'page-tls-incomplete',
  });
});

it.each([0o640, 0o604, 0o644, 0o620, 0o666])('a token file of mode %o, which others reach', async (mode) => {
  const tokenFile = await file('open', TOKEN, mode);
  await expect(readPageAccess({ host: '127.0.0.1', tokenFile })).rejects.toMatchObject({
    code: 'page-file-exposed',
    exit: 2,
    message: `others can read the page's token in ${tokenFile}`,
    hint: expect.stringContaining(`chmod 600 ${tokenFile}`),
  });
});

it('a key that everybody can read', async () => {
  await chmod(files.tlsKeyFile, 0o644);
  await expect(readPageAccess({ host: '0.0.0.0', ...files })).rejects.toMatchObject({ code: 'page-file-exposed' });
  await chmod(files.tlsKeyFile, 0o600);
});

it.each(['', '  \n', 'short', 'two words that are long enough', 'umlaut-ä-umlaut-ä-umlaut'])(
  'a token that is none: %j',
  async (text) => {
    const tokenFile = await file('weak', text);
    const refused = readPageAccess({ host: '127.0.0.1', tokenFile });
    await expect(refused).rejects.toMatchObject({ code: 'page-token-weak', hint: expect.stringContaining('openssl') });
    if (text.trim() !== '') await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining(text) });
  },
);

it('a file that is not there, and a directory', async () => {
  for (const [tokenFile, code] of [
    [join(directory, 'none'), 'ENOENT'],
    [await mkdtemp(join(directory, 'd-')), 'EISDIR'],
  ]) {
    await expect(readPageAccess({ host: '127.0.0.1', tokenFile })).rejects.toMatchObject({
      code: 'page-file-unreadable',
      message: expect.stringContaining(code ?? ''),
    });
  }
});

it('a certificate and the key of another', async () => {
  const tlsKeyFile = join(directory, 'other.pem');
  await expect(readPageAccess({ host: '0.0.0.0', ...files, tlsKeyFile })).rejects.toMatchObject({
    code: 'page-certificate-unusable',
  });
  await expect(readPageAccess({ host: '0.0.0.0', ...files, tlsCertFile: files.tokenFile })).rejects.toMatchObject({
    code: 'page-certificate-unusable',
  });
});
