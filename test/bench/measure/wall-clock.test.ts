import { expect, test } from 'vitest';
import { requireBashClock, timedLines } from '../../../src/bench/measure/wall-clock.js';
import { localShell } from '../../helpers/local-shell.js';

test('what was timed while the clock went on by itself', () => {
  expect(timedLines('12\nlost\nclock -9000\n', 's4')).toEqual(['12', 'lost']);
});

test.each([
  ['12\nlost\nclock 51000\n', 'forwards, between two of them'],
  ['12\nlost\nclock -2000000\n', 'backwards, between two of them'],
  ['12\n-3\nclock -9000\n', 'by a little, within one'],
  ['0 12\n1 -3\nclock -9000\n', 'by a little, within one of those numbered'],
])('nothing was timed by a clock that was set: %j (%s)', (stdout) => {
  expect(() => timedLines(stdout, 's4')).toThrow(expect.objectContaining({ code: 'clock-set', host: 's4' }));
});

test('a script that broke off timed nothing', () => {
  expect(timedLines('12\n13\n', 's4')).toBeUndefined();
});

test.each([
  ['of this machine', (text: string) => text, undefined],
  ['4, which has no such clock', (text: string) => text.replaceAll('EPOCHREALTIME', 'NO_SUCH_CLOCK'), 'bash-old'],
])('bash %s', async (_, rewrite, code) => {
  const { exec } = localShell({ rewrite }).node.session;
  const asked = requireBashClock({ name: 's4', exec }, new AbortController().signal);
  if (code === undefined) await asked;
  else {
    const message = expect.stringMatching(/its bash is \d/);
    await expect(asked).rejects.toMatchObject({ code, host: 's4', message });
  }
});
