import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readFlagVariables } from '../../src/commands/flag-variables.js';
import { addRunOptions, type RunFlags } from '../../src/commands/options.js';
import { createOperator } from './cli.js';

afterEach(() => vi.unstubAllEnvs());

/** What `up` takes from these arguments and variables, or what is written to stderr instead. */
function parse(args: readonly string[], variables: Record<string, string> = {}): Partial<RunFlags> & { told?: string } {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(`K8S_DISKLESS_${name}`, value);
  let flags: Partial<RunFlags> = {};
  let told = '';
  const writeErr = (text: string): void => {
    told += text;
  };
  const root = new Command('k8s-diskless').exitOverride().configureOutput({ writeErr });
  addRunOptions(root.command('up')).action((parsed: RunFlags) => {
    flags = parsed;
  });
  readFlagVariables(root);
  try {
    root.parse(['up', ...args], { from: 'user' });
    return flags;
  } catch {
    return { told };
  }
}

describe('the variable of a flag without a value', () => {
  it.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('%j is %s', (text, value) => {
    expect(parse([], { VERIFY: text, TAINT_CONTROL_PLANE: text })).toMatchObject({
      verify: value,
      taintControlPlane: value,
    });
  });

  it.each(['', 'yes', 'TRUE', 'constructor'])('%j is refused, with the variable named', (text) => {
    expect(parse([], { VERIFY: text }).told).toBe(
      `error: K8S_DISKLESS_VERIFY must be true or false (or 1 or 0), not '${text}'\n`,
    );
  });

  it('yields to the command line', () => {
    expect(parse(['--verify'], { VERIFY: 'false' }).verify).toBe(true);
    expect(parse(['--no-taint-control-plane'], { TAINT_CONTROL_PLANE: 'true' }).taintControlPlane).toBe(false);
  });

  it('is read by the program itself', async () => {
    const { exit, stderr } = await createOperator().run(['plan', '--hosts', 's4'], { K8S_DISKLESS_VERIFY: 'maybe' });
    expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringContaining('K8S_DISKLESS_VERIFY must be') });
  });
});

it('what loses data is taken from the command line alone', () => {
  const variables = { DISCARD_DATA: '1', NEW_CLUSTER: '1', LOST: 's6', RECOVER_FROM: 's4', OLDER_DATA: '1' };
  expect(parse([], variables)).toMatchObject({ newCluster: false, olderData: false });
  expect(parse([], variables).recoverFrom).toBeUndefined();
  expect(parse(['--recover-from', 's4', '--older-data'])).toMatchObject({ recoverFrom: 's4', olderData: true });
  expect(parse([], variables).discardData).toBeUndefined();
  expect(parse([], variables).lost).toBeUndefined();
  expect(parse(['--discard-data', 's4', '--lost', 's6'])).toMatchObject({ discardData: 's4', lost: 's6' });
  expect(parse(['--discard-data', '--lost', 's6'])).toMatchObject({ discardData: true, lost: 's6' });
  expect(parse(['--new-cluster']).newCluster).toBe(true);
});

it('taints of control planes are put on, taken off, or left as they are recorded', () => {
  expect(parse(['--taint-control-plane']).taintControlPlane).toBe(true);
  expect(parse(['--no-taint-control-plane']).taintControlPlane).toBe(false);
  expect(parse([]).taintControlPlane).toBeUndefined();
});

it('a connect timeout of nothing is refused in words that fit', () => {
  expect(parse(['--connect-timeout', '0']).told).toContain('a number of seconds above 0, at most 600');
});
