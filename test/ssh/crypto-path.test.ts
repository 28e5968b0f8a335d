import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { sshCryptoPath } from '../../src/ssh/crypto-path.js';

/** Built at installation for one version of Node: another one finds it and cannot load it. */
function addonLoads(): boolean {
  const require = createRequire(import.meta.url);
  try {
    require(join(dirname(require.resolve('ssh2')), 'protocol/crypto/build/Release/sshcrypto.node'));
    return true;
  } catch {
    return false;
  }
}

it('tells whether the addon of ssh2 is in use', () => {
  expect(sshCryptoPath()).toBe(addonLoads() ? 'native binding' : 'node:crypto');
});
