import { describe, expect, it } from 'vitest';
import { commandLine } from '../../src/components/flags.js';
import { serviceUnit, systemdWord } from '../../src/components/systemd.js';
import { DisklessError, EXIT } from '../../src/errors.js';

describe('systemd words', () => {
  it.each([
    ['--v=2', '--v=2'],
    ['--x=50%', '--x=50%%'],
    ['--x=$HOME', '--x=$$HOME'],
    ['--x=a b', '"--x=a b"'],
    ['--x=a"b', '"--x=a\\"b"'],
    ["--x='a'", '"--x=\'a\'"'],
    ['--x=a\\b', '"--x=a\\\\b"'],
    [';', '";"'],
    ['', '""'],
  ])('%j becomes %j', (word, expected) => {
    expect(systemdWord(word)).toBe(expected);
  });

  it('stand one to a line where there are many', () => {
    const unit = serviceUnit({ name: 'x.service', description: 'X', start: ['/bin/x', '--a=1', '--b=2'], service: {} });
    expect(unit).toMatchObject({
      path: '/etc/systemd/system/x.service',
      mode: 0o644,
      content: { text: expect.stringContaining('ExecStart=/bin/x \\\n  --a=1 \\\n  --b=2\n') },
    });
  });
});

describe('command lines', () => {
  it('join lists, leave out what is undefined, and let extra arguments replace or follow', () => {
    const flags = { a: ['x', 'y'], b: undefined, c: false, d: 5 };
    expect(commandLine({ binary: '/bin/x', flags, extraArgs: { c: 'true', e: '' } })).toEqual([
      '/bin/x',
      '--a=x,y',
      '--c=true',
      '--d=5',
      '--e=',
    ]);
  });

  it.each<Record<string, string>>([
    { '--v': '2' },
    { 'v 2': '' },
    { V: '2' },
    { v: 'a\nExecStartPre=/bin/sh' },
    { v: '\u0000' },
  ])('refuse %j as an extra argument', (extraArgs) => {
    const attempt = () => commandLine({ binary: '/bin/x', flags: {}, extraArgs });
    expect(attempt).toThrow(DisklessError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'extra-argument-invalid', exit: EXIT.usage }));
  });
});
