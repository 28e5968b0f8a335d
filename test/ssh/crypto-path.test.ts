import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { sshCryptoPath } from '../../src/ssh/crypto-path.js';

it('tells whether the addon of ssh2 was built', () => {
  const main = createRequire(import.meta.url).resolve('ssh2');
  const addon = join(dirname(main), 'protocol/crypto/build/Release/sshcrypto.node');
  expect(sshCryptoPath()).toBe(existsSync(addon) ? 'native binding' : 'node:crypto');
});
