import { describe, expect, it } from 'vitest';
import { BoundedText } from '../../src/ssh/bounded-text.js';

describe('BoundedText', () => {
  it('keeps a short text as it is, characters cut between chunks too', () => {
    const text = new BoundedText();
    for (const byte of Buffer.from('grüße 🦊\n'.repeat(8_000))) text.push(Buffer.from([byte]));
    expect(text.toString()).toBe('grüße 🦊\n'.repeat(8_000));
  });

  it('keeps beginning and end of a long one and says how much is missing', () => {
    const text = new BoundedText();
    text.push(Buffer.from('first\n'));
    for (let index = 0; index < 2000; index++) text.push(Buffer.alloc(997, 'x'));
    text.push(Buffer.from('\nlast'));
    const kept = text.toString();
    const missing = Number(/\[(\d+) bytes left out\]/.exec(kept)?.[1]);
    expect(kept.startsWith('first\n')).toBe(true);
    expect(kept.endsWith('\nlast')).toBe(true);
    expect(kept.length - `\n[${missing} bytes left out]\n`.length + missing).toBe(6 + 2000 * 997 + 5);
    expect(kept.length).toBeLessThan(330 * 1024);
  });
});
