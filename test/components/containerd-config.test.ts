import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONFIGS, containerdToml, goldenConfig } from './containerd-golden.js';

describe('the configuration of containerd', () => {
  it.each(CONFIGS)('%s is what its golden file says', (version) => {
    const toml = containerdToml(version);
    const path = goldenConfig(version);
    if (process.env.UPDATE_GOLDEN) {
      mkdirSync(new URL('.', path), { recursive: true });
      writeFileSync(path, toml);
    }
    expect(toml).toBe(readFileSync(path, 'utf8'));
  });

  it.each([
    ['1.7.21', '1.6.20'],
    ['2.2.5', '2.1.5'],
    ['2.4.2', '2.3.0'],
    ['2.5.0', '2.4.2'],
    ['3.0.0', '2.4.2'],
  ])('%s is that of %s', (version, other) => {
    expect(containerdToml(version)).toBe(containerdToml(other));
  });
});
