import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { scriptText } from '../../../src/node/script-text.js';
import { bashScript } from '../../../src/ssh/bash-script.js';
import { execute } from '../../e2e/helpers/cli.js';

/* The claim itself, with the lock of util-linux. */

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-claim-'));
});
afterEach(() => rmSync(root, { recursive: true }));

async function claim(owner: string): Promise<string> {
  const args = [join(root, 'etcd'), join(root, 'run/etcd.lock'), '', 'none', owner];
  const { command, input } = bashScript(scriptText('claim-etcd-data.bash'), ...args);
  const { exit, stdout, stderr } = await execute('sh', ['-c', command], process.env, input);
  expect(stderr).toBe('');
  expect(exit).toBe(0);
  return stdout;
}

it('of many that claim a blank directory at the same moment one has it, and the others are told whose it is', async () => {
  const owners = Array.from({ length: 12 }, (_, index) => `c${index} 1 voter t${index}`);
  const answers = await Promise.all(owners.map(claim));
  const marker = readFileSync(join(root, 'etcd/k8s-diskless'), 'utf8');
  const winner = owners[answers.indexOf('')];
  expect(marker).toBe(`${winner}\n`);
  expect(answers.filter((answer) => answer !== '')).toEqual(new Array(11).fill(`claimed ${winner}\n`));
  expect(existsSync(join(root, 'etcd/k8s-diskless.new'))).toBe(false);
});
