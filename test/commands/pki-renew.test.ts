import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PkiStore } from '../../src/pki/store.js';
import { acquireLock } from '../../src/state/lock.js';
import { writeClusterRecord } from '../../src/state/record-files.js';
import type { StateDir } from '../../src/state/state-dir.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';
import { createOperator, type Operator } from './cli.js';
import { recordSample } from './recorded-state.js';

/** A recorded cluster whose PKI was made at that time. */
async function recorded(operator: Operator, made: Date): Promise<StateDir> {
  const state = await recordSample(operator.stateDir);
  const environment = { now: () => made, random: (size: number) => Buffer.alloc(size, 1) };
  const pki = await PkiStore.open({ directory: state.pki, mode: 'persistent', clusterExists: false, environment });
  await pki.ensure({ spec: sampleSpec(), nodes: [] });
  const etcd = { incarnation: 1, phase: 'bootstrapped' as const, token: 'cafe-1', members: ['s4'], bootIds: {} };
  const record = { clusterId: 'cafe', operator: OPERATOR, spec: sampleSpec(), etcd, pki: await pki.fingerprints() };
  await writeClusterRecord(state, record);
  return state;
}

const authority = ({ pki }: StateDir): string => readFileSync(join(pki, 'ca/kubernetes.crt'), 'utf8');
const yearsAgo = (years: number): Date => new Date(Date.now() - years * 365 * 86_400_000);

it('renews what has expired, and says what a person does next', async () => {
  const operator = createOperator();
  const state = await recorded(operator, yearsAgo(11));
  const before = authority(state);
  const { exit, stdout, stderr } = await operator.run(['pki', 'renew']);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  for (const id of ['kubernetes', 'etcd', 'front-proxy']) expect(stdout).toMatch(`${id} CA: now ends 20`);
  expect(stdout).toContain('Next: k8s-diskless up brings them to the nodes');
  expect(stdout).toContain('rollout restart');
  expect(authority(state)).not.toBe(before);
});

it('leaves alone what ends later, unless asked for all', async () => {
  const operator = createOperator();
  const state = await recorded(operator, yearsAgo(1));
  const before = authority(state);
  const { exit, stdout } = await operator.run(['pki', 'renew']);
  expect(exit).toBe(0);
  expect(stdout).toContain('Nothing was renewed');
  expect(authority(state)).toBe(before);
  expect((await operator.run(['pki', 'renew', '--all'])).stdout).not.toContain('left as it is');
  expect(authority(state)).not.toBe(before);
});

it('waits for no other run: it is refused beside one', async () => {
  const operator = createOperator();
  const state = await recorded(operator, yearsAgo(11));
  const before = authority(state);
  const lock = await acquireLock({ path: state.lock, command: 'up', now: () => new Date() });
  try {
    const { exit, stderr } = await operator.run(['pki', 'renew']);
    expect(exit).toBe(5);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('another run holds the lock: up');
  } finally {
    lock.release();
  }
  expect(authority(state)).toBe(before);
  expect((await operator.run(['pki', 'renew'])).exit).toBe(0);
});

it('is for a recorded cluster', async () => {
  const { exit, stderr } = await createOperator().run(['pki', 'renew']);
  expect(exit).toBe(2);
  expect(stderr).toContain('no cluster is recorded');
});

it('is in the help', async () => {
  const operator = createOperator();
  expect((await operator.run(['--help'])).stdout).toContain('k8s-diskless pki renew');
  expect((await operator.run(['pki', 'renew', '--help'])).stdout).toContain('--all');
});
