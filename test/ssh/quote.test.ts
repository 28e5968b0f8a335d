import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellQuote } from '../../src/ssh/quote.js';

/** What a real shell makes of a command line: the words after `printf`. */
function wordsSeenBy(shell: string, quoted: string): string[] {
  const result = spawnSync(shell, [], { input: `printf '%s\\0' ${quoted}\n` });
  expect(result.stderr.toString()).toBe('');
  return result.stdout.toString().split('\0').slice(0, -1);
}

/** Deterministic random numbers (mulberry32), so that a failure can be repeated by its seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const NASTY = [`'`, `"`, '\\', '$', '`', '\n', '\r', '\t', ' ', '!', '*', '?', '[', ']', '{', '}', '~', '#', '&', '|'];
const MORE = [
  ';',
  '<',
  '>',
  '(',
  ')',
  '=',
  '%',
  '-',
  '--',
  '\x01',
  '\x1b',
  '\x7f',
  'é',
  '日本',
  '🦊',
  '\u200b',
  'a',
  'Z',
  '0',
  '/',
];

function randomWord(random: () => number): string {
  const pieces = [...NASTY, ...MORE];
  return Array.from({ length: Math.floor(random() * 12) }, () => pieces[Math.floor(random() * pieces.length)]).join('');
}

describe('shellQuote', () => {
  it.each(['/bin/sh', '/bin/bash'])('is read back word by word by %s', (shell) => {
    const seed = Date.now() % 1_000_000;
    const random = randomFrom(seed);
    const words = Array.from({ length: 1500 }, () => randomWord(random));
    expect(wordsSeenBy(shell, shellQuote(...words)), `seed ${seed}`).toEqual(words);
  });

  it('survives being quoted again for a shell within a shell', () => {
    const words = [`it's`, '-rf', '', 'a\nb', '$(reboot)', '\\', '日本'];
    const inner = `printf '%s\\0' ${shellQuote(...words)}`;
    const result = spawnSync('/bin/sh', ['-c', shellQuote('/bin/sh', '-c', inner)]);
    expect(result.stdout.toString().split('\0').slice(0, -1)).toEqual(words);
  });

  it.each(['if', 'while', 'time', '!', 'FOO=bar', '~', '~root', '#x'])(
    'keeps the shell from giving %s a meaning',
    (word) => {
      const result = spawnSync('/bin/bash', ['-c', shellQuote(word)], { env: { PATH: '/nonexistent' } });
      expect(result.status).toBe(127);
      expect(result.stderr.toString()).toContain(`${word}: command not found`);
    },
  );

  it('leaves plain words readable', () => {
    expect(shellQuote('systemctl', 'start', 'etcd.service', '/opt/bin/etcd')).toBe(
      'systemctl start etcd.service /opt/bin/etcd',
    );
    expect(shellQuote('')).toBe(`''`);
  });

  it('refuses a NUL byte, which would cut the line short', () => {
    expect(() => shellQuote('a\0b')).toThrowError(expect.objectContaining({ code: 'nul-in-argument' }));
  });
});
