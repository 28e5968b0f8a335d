import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scriptText } from '../../../src/node/script-text.js';
import { bashScript } from '../../../src/ssh/bash-script.js';
import { execute } from '../../e2e/helpers/cli.js';

/* The script as bash runs it; systemd is played. */

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'start-unit-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

interface Systemd {
  /** What it shows of the unit. */
  shows?: Record<string, string>;
  /** The verb that fails. */
  fails?: string;
}

/** @returns Exit code, and what systemd was told. */
async function start(verb: string, wait: string, { shows = {}, fails = 'none' }: Systemd = {}) {
  const answers = Object.entries(shows).map(([property, value]) => `'show -p ${property} '*) echo ${value} ;;`);
  const text = `#!/bin/sh
case $* in ${answers.join(' ')} 'show '*) echo no ;; *) echo "$*" >>'${directory}/told' ;; esac
case $* in '${fails} '*) exit 1 ;; esac
`;
  writeFileSync(join(directory, 'systemctl'), text, { mode: 0o755 });
  const args = [join(directory, 'marker'), 'a unit.service', verb, 'fingerprint', wait];
  const { command, input } = bashScript(scriptText('start-unit.bash'), ...args);
  const { exit, stdout } = await execute('sh', ['-c', command], { PATH: `${directory}:${process.env.PATH}` }, input);
  expect(stdout).toBe('');
  return { exit, told: readFileSync(join(directory, 'told'), 'utf8').trim().split('\n') };
}

const mark = (): string => join(directory, 'marker/units/a unit.service');

describe('start-unit', () => {
  it('starts the unit, also one that has failed, and notes what with', async () => {
    const { exit, told } = await start('start', 'block');
    expect([exit, told]).toEqual([0, ['reset-failed a unit.service', 'start a unit.service']]);
    expect(readFileSync(mark(), 'utf8')).toBe('fingerprint\n');
  });

  it('does not wait for one that may not be waited for', async () => {
    expect((await start('start', 'no-block')).told.at(-1)).toBe('--no-block start a unit.service');
  });

  it('has systemd read units again where they have changed', async () => {
    const { told } = await start('start', 'block', { shows: { NeedDaemonReload: 'yes' } });
    expect(told[0]).toBe('daemon-reload');
  });

  it.each([
    ['restart', 'stop a unit.service'],
    ['start', 'reset-failed a unit.service'],
  ])(
    'stops before a restart one that is starting: its end would be reported as that of the new one (%s)',
    async (verb, first) => {
      const { told } = await start(verb, 'block', { shows: { ActiveState: 'activating' } });
      expect(told[0]).toBe(first);
      expect(told.at(-1)).toBe(`${verb} a unit.service`);
    },
  );

  it('notes nothing of one that does not start', async () => {
    const { exit } = await start('start', 'block', { fails: 'start' });
    expect([exit, existsSync(mark())]).toEqual([1, false]);
  });
});
