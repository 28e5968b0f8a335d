import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scriptText } from '../../../src/node/script-text.js';
import { bashScript } from '../../../src/ssh/bash-script.js';
import { execute } from '../../e2e/helpers/cli.js';

/* The claim itself, with the lock of util-linux. */

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-claim-'));
});
afterEach(() => rmSync(root, { recursive: true }));

async function claim(owner: string, was = '', held = 'none', ...wipe: string[]): Promise<string> {
  const args = [join(root, 'etcd'), join(root, 'run/etcd.lock'), was, held, owner, ...wipe];
  const { command, input } = bashScript(scriptText('claim-etcd-data.bash'), ...args);
  const { exit, stdout, stderr } = await execute('sh', ['-c', command], process.env, input);
  expect(stderr).toBe('');
  expect(exit).toBe(0);
  return stdout;
}

it('of many that claim a blank directory at the same moment one has it, and the others are told whose it is', async () => {
  const owners = Array.from({ length: 12 }, (_, index) => `c${index} 1 voter t${index}`);
  const answers = await Promise.all(owners.map((owner) => claim(owner)));
  const marker = readFileSync(join(root, 'etcd/k8s-diskless'), 'utf8');
  const winner = owners[answers.indexOf('')];
  expect(marker).toBe(`${winner}\n`);
  expect(answers.filter((answer) => answer !== '')).toEqual(new Array(11).fill(`claimed ${winner}\n`));
  expect(existsSync(join(root, 'etcd/k8s-diskless.new'))).toBe(false);
});

describe('beside data', () => {
  const begun = 'c 3 voter t begun';
  const open = 'c 3 voter t open 17';
  const marker = (): string => readFileSync(join(root, 'etcd/k8s-diskless'), 'utf8').trim();

  it('its marker changes, and the data stays; repeated it is found done', async () => {
    await claim(begun);
    mkdirSync(join(root, 'etcd/member'));
    expect(await claim(open, begun, 'any')).toBe('');
    expect(await claim(open, begun, 'any')).toBe('');
    expect([marker(), existsSync(join(root, 'etcd/member'))]).toEqual([open, true]);
  });

  it('what etcd made since beside our own marker is ours, unless it was to go', async () => {
    await claim(begun);
    mkdirSync(join(root, 'etcd/member'));
    expect(await claim(begun, begun, 'none')).toBe('');
    expect(await claim(begun, begun, 'none', 'wipe')).toBe(`claimed ${begun}\n`);
    expect(existsSync(join(root, 'etcd/member'))).toBe(true);
  });

  it('another marker than was read is not written over, nor is data beside which there was none', async () => {
    await claim('other 1 voter t');
    expect(await claim(open, begun, 'any')).toBe('claimed other 1 voter t\n');
    rmSync(join(root, 'etcd/k8s-diskless'));
    mkdirSync(join(root, 'etcd/member'));
    expect(await claim(begun)).toBe('claimed \n');
    expect(existsSync(join(root, 'etcd/k8s-diskless'))).toBe(false);
  });
});
