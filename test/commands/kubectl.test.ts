import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { kubeconfigCommand } from '../../src/commands/kubeconfig.js';
import { writeKubeconfig } from '../../src/state/record-files.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { type Child, startChild } from '../state/children/child.js';
import { createOperator } from './cli.js';
import { recordSample } from './recorded-state.js';

function shell(script: string): Child {
  const child = startChild(new URL('./children/run-in-foreground.mjs', import.meta.url), 'sh', '-c', script);
  onTestFinished(() => child.kill());
  return child;
}

const exitOf = async (child: Child): Promise<number | null> => (await once(child.process, 'exit'))[0];

describe('the exit code of kubectl', () => {
  it.each([
    ['its own', 'exit 7', 7],
    ['128 and the signal', 'kill -KILL $$', 137],
  ])('is %s', async (_case, script, exit) => {
    expect(await exitOf(shell(script))).toBe(exit);
  });

  it('is what it makes of a SIGTERM sent to us', async () => {
    const child = shell('trap "exit 9" TERM; echo up; while :; do sleep 0.05; done');
    expect(await child.line()).toBe('up');
    child.process.kill('SIGTERM');
    expect(await exitOf(child)).toBe(9);
  });
});

it('a kubectl of PATH is used with a word about it', async () => {
  const operator = createOperator();
  await recordSample(operator.stateDir);
  const folder = join(operator.home, 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'kubectl'), '#!/bin/sh\n', { mode: 0o755 });
  const { stderr } = await operator.run(['kubectl', '--artifacts', operator.home, '--', 'version'], {
    PATH: `${folder}:${process.env.PATH}`,
  });
  expect(stderr).toContain('kubectl of Kubernetes 1.37.2');
  expect(stderr).toContain(`: using ${join(folder, 'kubectl')}\n`);
});

describe('kubeconfig', () => {
  it('that is not written yet is what up makes', async () => {
    const stateDir = join(temporaryDirectory(), 'state');
    await recordSample(stateDir);
    const flags = { stateDir, output: 'auto' as const, verbose: false };
    const error = await rejection(kubeconfigCommand(flags));
    expect(error).toMatchObject({ code: 'no-kubeconfig', exit: 2, hint: expect.stringContaining('k8s-diskless up') });
    expect(error.message).toContain(stateDirAt(stateDir).kubeconfig);
  });

  it('is printed', async () => {
    const operator = createOperator();
    await recordSample(operator.stateDir);
    await writeKubeconfig(stateDirAt(operator.stateDir), 'apiVersion: v1\n');
    expect(await operator.run(['kubeconfig'])).toMatchObject({ exit: 0, stdout: 'apiVersion: v1\n' });
  });
});
