import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { requireRecipients, type SealFor, seal } from '../../src/sealed/seal.js';
import { isSealed, requireIdentities, SEAL_BYTES, type UnsealWith, unseal } from '../../src/sealed/unseal.js';
import { rejection } from '../artifacts/fixtures.js';
import { all, inParts, SOME } from './bytes.js';

const pair = async () => {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
};
const sealed = (to: SealFor) => all(seal(inParts(SOME), to));
const opened = (bytes: Uint8Array, key: UnsealWith) => all(unseal({ file: 'b.age', chunks: inParts(bytes), key }));

describe('what is sealed', () => {
  it('is opened by each of its recipients', async () => {
    const [one, other] = [await pair(), await pair()];
    const bytes = await sealed({ recipients: [one.recipient, other.recipient] });
    expect(isSealed(bytes.subarray(0, SEAL_BYTES))).toBe(true);
    expect(bytes.includes(SOME.subarray(0, 64))).toBe(false);
    for (const { identity } of [one, other]) expect(await opened(bytes, { identities: [identity] })).toEqual(SOME);
  });

  it('is opened by its passphrase, and by no other', async () => {
    const bytes = await sealed({ passphrase: 'a b c' });
    expect(await opened(bytes, { passphrase: 'a b c' })).toEqual(SOME);
    const wrong = await rejection(opened(bytes, { passphrase: 'a b d' }));
    expect(wrong).toMatchObject({ code: 'sealed-key', exit: 2, message: 'the passphrase does not open b.age' });
  });

  it('is not opened by somebody else’s identity, nor by a passphrase', async () => {
    const bytes = await sealed({ recipients: [(await pair()).recipient] });
    const { identity } = await pair();
    expect(await rejection(opened(bytes, { identities: [identity] }))).toMatchObject({ code: 'sealed-key' });
    expect(await rejection(opened(bytes, { passphrase: 'x' }))).toMatchObject({ code: 'sealed-key' });
  });

  it.each([
    ['in its header', 60],
    ['after its header', 220],
    ['at the end of a chunk', 65_536 + 16 + 200],
    ['before its last byte', -1],
  ])('tells that it was cut %s', async (_where, at) => {
    const { identity, recipient } = await pair();
    const bytes = await sealed({ recipients: [recipient] });
    const error = await rejection(opened(bytes.subarray(0, at), { identities: [identity] }));
    expect(error).toMatchObject({ code: 'sealed-damaged', exit: 2 });
  });

  it('tells that it was changed', async () => {
    const { identity, recipient } = await pair();
    const bytes = await sealed({ recipients: [recipient] });
    bytes.fill(0, 1000, 1100);
    expect(await rejection(opened(bytes, { identities: [identity] }))).toMatchObject({ code: 'sealed-damaged' });
  });

  it('does not hide what became of its source', async () => {
    const { recipient, identity } = await pair();
    const disk = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' });
    async function* failing(bytes: Uint8Array) {
      yield bytes;
      throw disk;
    }
    await expect(all(seal(failing(SOME), { recipients: [recipient] }))).rejects.toBe(disk);
    const bytes = await sealed({ recipients: [recipient] });
    const chunks = failing(bytes.subarray(0, 100_000));
    await expect(all(unseal({ file: 'b', chunks, key: { identities: [identity] } }))).rejects.toBe(disk);
  });
});

it('a recipient or an identity that is none is refused, and not repeated', async () => {
  const { identity } = await pair();
  for (const text of ['', 'age1', 'ssh-ed25519 AAAA', identity]) {
    const error = await rejection(requireRecipients([text]));
    expect(error).toMatchObject({ code: 'seal-recipient', exit: 2 });
    expect(`${error.message} ${error.hint}`).not.toContain(identity);
  }
  const error = await rejection(requireIdentities([`${identity}X`]));
  expect(error).toMatchObject({ code: 'sealed-identity', exit: 2 });
  expect(error.cause).toBeUndefined();
});
