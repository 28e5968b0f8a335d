import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { storedZstdFrame } from '../../src/artifacts/zstd-frame.js';

const BLOCK = 128 * 1024;

describe('storedZstdFrame', () => {
  it.each([0, 1, 255, 256, 1024, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 300_000])(
    'gives %i bytes that zstd decompresses to the same',
    (size) => {
      const data = Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) % 251));
      const plain = execFileSync('zstd', ['-dcq'], { input: storedZstdFrame(data), maxBuffer: 1 << 24 });
      expect(plain.equals(data)).toBe(true);
    },
  );

  it('can be followed by other frames', () => {
    const frames = ['one ', '', 'two'].map((text) => storedZstdFrame(Buffer.from(text)));
    expect(execFileSync('zstd', ['-dcq'], { input: Buffer.concat(frames) }).toString()).toBe('one two');
  });

  it('is refused by zstd when a byte of its size is damaged', () => {
    const frame = storedZstdFrame(Buffer.from('content'));
    frame.writeUInt8(frame.readUInt8(5) + 1, 5);
    expect(() => execFileSync('zstd', ['-dcq'], { input: frame, stdio: ['pipe', 'pipe', 'ignore'] })).toThrow();
  });
});
