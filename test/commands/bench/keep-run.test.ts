import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { keepRun } from '../../../src/commands/bench/run.js';
import type { OutputFormat } from '../../../src/commands/options.js';
import { entryName } from '../../../src/state/lock-owner.js';
import { identify } from '../../../src/state/process-identity.js';
import { stateDirAt } from '../../../src/state/state-dir.js';
import { artifactsDirectory, temporaryDirectory } from '../../artifacts/fixtures.js';
import { freePort } from '../../helpers/free-port.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';
import { createOperator } from '../cli.js';
import { recordSample } from '../recorded-state.js';

afterEach(() => vi.restoreAllMocks());

/** Keeps a run, and hands back what was written where. */
async function kept(output: OutputFormat): Promise<{ exit: number; stdout: string; stderr: string; report: boolean }> {
  const record = await syntheticRun();
  const state = stateDirAt(temporaryDirectory());
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
  const exit = await keepRun({ record }, { state, output, verbose: false });
  vi.restoreAllMocks();
  return { ...written, exit, report: existsSync(join(state.bench, record.id, 'report.html')) };
}

describe('the report of a run', () => {
  it.each(['auto', 'plain'] as const)('goes to stdout with --output %s', async (output) => {
    const { exit, stdout, stderr, report } = await kept(output);
    expect({ exit, report }).toEqual({ exit: 0, report: true });
    expect(stdout).toContain('benchmark run');
    expect(stderr).toContain('kept in ');
  });

  it('leaves stdout to the events with --output json', async () => {
    const { stdout, stderr, report } = await kept('json');
    expect({ stdout, report }).toEqual({ stdout: '', report: true });
    expect(stderr).toContain('benchmark run');
  });
});

it('up --bench says why nothing is measured', async () => {
  const operator = createOperator();
  const sshConfig = join(operator.home, 'ssh_config');
  await writeFile(sshConfig, '');
  const hosts = `s4=core@127.0.0.1:${await freePort()}`;
  const more = ['--artifacts', artifactsDirectory(), '--ssh-config', sshConfig, '--bench', 'quick', '-o', 'json'];
  const { exit, stdout, stderr } = await operator.run(['up', '--hosts', hosts, ...more]);
  expect(exit).toBeGreaterThan(2);
  expect(stderr).toContain(`not measured: up ended with exit code ${exit}, and a benchmark needs every node Ready`);
  for (const line of stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('type');
});

it('bench tells of the dead run whose lock it took over', async () => {
  const operator = createOperator();
  const { lock } = await recordSample(operator.stateDir);
  await mkdir(lock);
  const dead = { ...(await identify(process.pid)), boot: '00000000' };
  await writeFile(join(lock, entryName(dead)), '');
  const { stderr } = await operator.run(['bench', '--preset', 'quick']);
  expect(stderr).toContain(`another run died without giving its lock back (unknown, pid ${process.pid}`);
});
