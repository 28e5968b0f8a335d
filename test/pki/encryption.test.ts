import { describe, expect, it } from 'vitest';
import {
  encryptionConfiguration,
  formatEncryptionKeys,
  newEncryptionKeys,
  readEncryptionKeys,
} from '../../src/pki/encryption.js';
import { fixedEnvironment } from './fixture.js';

const SECRET = Buffer.alloc(32, 7).toString('base64');

describe('encryption keys', () => {
  it('survive being written and read', () => {
    const keys = newEncryptionKeys(fixedEnvironment().random);
    expect(Buffer.from(keys[0]?.secret ?? '', 'base64')).toHaveLength(32);
    expect(readEncryptionKeys(formatEncryptionKeys(keys))).toEqual(keys);
  });

  it('are a list, so that a new one can be put in front while the old ones still decrypt', () => {
    const keys = readEncryptionKeys(`- {name: new, secret: ${SECRET}}\n- {name: old, secret: ${SECRET}}\n`);
    expect(keys?.map(({ name }) => name)).toEqual(['new', 'old']);
    const configuration = encryptionConfiguration(keys ?? [], ['secrets']);
    expect(configuration.indexOf('name: new')).toBeLessThan(configuration.indexOf('name: old'));
  });

  it.each([
    { flaw: 'no list', text: 'key: value' },
    { flaw: 'an empty list', text: '[]' },
    { flaw: 'a short key', text: `- {name: a, secret: ${Buffer.alloc(16).toString('base64')}}` },
    { flaw: 'no base64', text: '- {name: a, secret: "***"}' },
    { flaw: 'one name twice', text: `- {name: a, secret: ${SECRET}}\n- {name: a, secret: ${SECRET}}` },
    { flaw: 'a colon in a name', text: `- {name: "a:b", secret: ${SECRET}}` },
    { flaw: 'a syntax error', text: '- {name' },
  ])('are refused with $flaw', ({ text }) => {
    expect(readEncryptionKeys(text)).toBeUndefined();
  });
});
