import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { renewAuthorities } from '../../src/pki/renew.js';
import { PkiStore } from '../../src/pki/store.js';
import type { RunEvent } from '../../src/runner/events.js';
import { prepareStateDir, stateDirAt } from '../../src/state/state-dir.js';
import { artifactsDirectory, rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { startFleet } from '../helpers/fake-node/fleet.js';
import { sampleSpec } from '../helpers/sample-facts.js';
import { prepareUp, upUntilSent } from '../helpers/up-until-sent.js';

/* Authorities that come to their end, from the warning to what the nodes and the administrator have. */

const YEAR_MS = 365 * 86_400_000;
const CA = '/etc/kubernetes/pki/ca.crt';

afterEach(() => vi.unstubAllEnvs());

/** One machine, and a PKI that was made so many years ago. */
async function scene(years: number) {
  const scratch = temporaryDirectory();
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
  const fleet = await startFleet({ count: 1, zstd: false, directory: scratch });
  onTestFinished(() => fleet.close());
  const state = stateDirAt(join(scratch, 'state'));
  await prepareStateDir(state);
  const environment = { now: () => new Date(Date.now() - years * YEAR_MS), random: randomBytes };
  const pki = await PkiStore.open({ directory: state.pki, mode: 'persistent', clusterExists: false, environment });
  await pki.ensure({ spec: sampleSpec(), nodes: [] });
  const flags = {
    hosts: 'n1',
    artifacts: artifactsDirectory(),
    sshConfig: fleet.sshConfig,
    stateDir: state.root,
  };
  const authority = (): string => readFileSync(join(state.pki, 'ca/kubernetes.crt'), 'utf8');

  async function up() {
    const events: RunEvent[] = [];
    const input = await prepareUp(flags, [(event) => events.push(event)], new AbortController().signal);
    const { reports } = await upUntilSent(input);
    expect(reports.flatMap(({ error }) => error ?? [])).toEqual([]);
    const notes = events.flatMap((event) => (event.type === 'note' && event.code === 'ca-expiring' ? [event] : []));
    const delivered = [...(fleet.nodes[0]?.deliveries.at(-1)?.segments.values() ?? [])].flat();
    return { notes, ca: delivered.find(({ path }) => path === CA)?.sha256 };
  }
  const renew = () => renewAuthorities({ directory: state.pki, all: false });
  return { up, renew, authority, kubeconfig: () => readFileSync(state.kubeconfig, 'utf8') };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

it('up warns of an end within a year and names the command; after it, nodes and kubeconfig get the new certificate', async () => {
  const { up, renew, authority, kubeconfig } = await scene(9.5);
  const before = authority();
  const first = await up();
  expect(first.ca).toBe(sha256(before));
  expect(first.notes).toHaveLength(4);
  for (const { hint } of first.notes) expect(hint).toContain('k8s-diskless pki renew');

  await renew();
  expect(authority()).not.toBe(before);
  const second = await up();
  expect(second).toEqual({ notes: [], ca: sha256(authority()) });
  expect(kubeconfig()).toContain(base64(authority()));
  expect(kubeconfig()).not.toContain(base64(before));
});

it('up is refused once they have ended, until they are renewed', async () => {
  const { up, renew, authority } = await scene(11);
  const error = await rejection(up());
  expect(error).toMatchObject({ code: 'ca-expired', exit: 5, hint: expect.stringContaining('k8s-diskless pki renew') });
  await renew();
  expect((await up()).ca).toBe(sha256(authority()));
});
