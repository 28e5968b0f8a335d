import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dearmor } from '../../../src/boot/images/dearmor.js';
import { openSignatureChecker } from '../../../src/boot/images/signature.js';
import { createMaker, type Maker } from './gpg.js';
import { KERNEL } from './upstream.js';

let directory: string;
let maker: Maker;
let stranger: Maker;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'signature-'));
  [maker, stranger] = [createMaker('maker@lab'), createMaker('stranger@lab')];
  writeFileSync(join(directory, 'kernel'), KERNEL);
});
afterAll(() => {
  maker?.remove();
  stranger?.remove();
  rmSync(directory, { recursive: true });
});

async function check(keys: Buffer, signature: Buffer): Promise<string> {
  const keyring = join(directory, 'keyring');
  writeFileSync(keyring, keys);
  const checker = await openSignatureChecker(keyring, process.env);
  return checker.check({ name: 'kernel', path: join(directory, 'kernel'), signature });
}

describe('a signature', () => {
  test('of a key in the keyring is good, and names it', async () => {
    expect(await check(maker.keys, maker.sign(KERNEL))).toBe(maker.fingerprint);
  });

  test('the keyring may be armoured, and hold several keys', async () => {
    const keyring = Buffer.concat([stranger.armoured, Buffer.from('\nComment between\n'), maker.armoured]);
    expect(await check(keyring, maker.sign(KERNEL))).toBe(maker.fingerprint);
  });

  test('of another content is not', async () => {
    await expect(check(maker.keys, maker.sign(Buffer.from('another')))).rejects.toMatchObject({
      code: 'signature-invalid',
      exit: 4,
      message: 'the signature of kernel is not good',
    });
  });

  test('of a key that is not in the keyring is not, and the key is named', async () => {
    await expect(check(maker.keys, stranger.sign(KERNEL))).rejects.toMatchObject({
      code: 'signature-invalid',
      message: expect.stringContaining(stranger.fingerprint.slice(-16)),
      hint: expect.stringContaining('current keys'),
    });
  });

  test('that is none', async () => {
    await expect(check(maker.keys, Buffer.from('<html>'))).rejects.toMatchObject({ code: 'signature-invalid' });
    await expect(check(Buffer.from('no keys'), maker.sign(KERNEL))).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });
});

describe('what checking needs', () => {
  test('a keyring', async () => {
    const missing = openSignatureChecker(join(directory, 'none'), process.env);
    await expect(missing).rejects.toMatchObject({ code: 'keyring-unreadable', exit: 2 });
  });

  test('gpgv', async () => {
    writeFileSync(join(directory, 'keyring'), maker.keys);
    const without = openSignatureChecker(join(directory, 'keyring'), { PATH: directory });
    await expect(without).rejects.toMatchObject({ code: 'gpgv-missing', exit: 2 });
  });
});

test('armour is taken off, whatever its line ends', () => {
  expect(dearmor(maker.armoured).equals(maker.keys)).toBe(true);
  expect(dearmor(Buffer.from(maker.armoured.toString().replaceAll('\n', '\r\n'))).equals(maker.keys)).toBe(true);
  expect(dearmor(maker.keys)).toBe(maker.keys);
});
