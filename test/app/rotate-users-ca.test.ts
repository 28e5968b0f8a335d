import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rotateAuthority } from '../../src/app/rotate-users-ca.js';
import { recordedCluster, recordedPki } from '../../src/cluster/recorded-cluster.js';
import { PKI } from '../../src/components/pki-paths.js';
import { judge } from '../../src/reconcile/up-sequence.js';
import type { RunEvent } from '../../src/runner/events.js';
import { prepareStateDir } from '../../src/state/state-dir.js';
import { rejection } from '../artifacts/fixtures.js';
import { livingCluster, NAMES } from '../reconcile/living-cluster.js';

const AUTHORITY = 'users-ca.pem';

async function scene() {
  const { fleet, state, up } = await livingCluster();
  await prepareStateDir(state);
  const file = join(state.pki, AUTHORITY);
  const held = () =>
    fleet.nodes.map(
      ({ deliveries }) =>
        deliveries
          .flatMap(({ segments }) => [...segments.values()].flat())
          .findLast(({ path }) => path === PKI.clientCa)?.sha256,
    );
  const bundle = (): string => {
    const [certificate = ''] = /-----BEGIN CERTIFICATE-----.*/s.exec(readFileSync(file, 'utf8')) ?? [];
    const text = readFileSync(join(state.pki, 'ca/kubernetes.crt'), 'utf8') + certificate;
    return createHash('sha256').update(text).digest('hex');
  };
  async function rotate(): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    const recorded = await recordedCluster(state);
    const ssh = { configFile: fleet.sshConfig };
    const { signal } = new AbortController();
    await rotateAuthority({ recorded, ssh, tell: () => {}, signal, sinks: [(event) => events.push(event)] });
    return events;
  }
  const restarts = async () => {
    const { values } = await up();
    return NAMES.flatMap((name) => {
      const { files, units } = values.of(judge)?.work.get(name)?.difference ?? { files: [], units: [] };
      return [...files.map((each) => `${name} ${each.file.path}`), ...units.map(({ unit }) => `${name} ${unit.name}`)];
    });
  };
  return { fleet, state, file, held, bundle, rotate, restarts };
}

it('is on every control plane at once, told of as every change is and written down; up has nothing to do', async () => {
  const { state, held, bundle, rotate, restarts } = await scene();
  const before = bundle();
  expect(held()).toEqual(NAMES.map(() => before));
  const events = await rotate();
  expect(bundle()).not.toBe(before);
  expect(held()).toEqual(NAMES.map(() => bundle()));
  const changes = events.flatMap((event) => (event.type === 'change' ? [event] : []));
  expect(changes.map(({ node, what }) => `${node} ${what}`).toSorted()).toEqual(
    NAMES.map((name) => `${name} replace ${PKI.clientCa}`),
  );
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', exit: 0, changed: NAMES.length });
  const run = readdirSync(state.runs).toSorted().at(-1) ?? '';
  const journal = readFileSync(join(state.runs, run, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n');
  expect(journal).toHaveLength(events.length);
  expect(await restarts()).toEqual([]);
});

it('a control plane that does not answer is named, and the next up brings it there without a restart', async () => {
  const { fleet, held, bundle, rotate, restarts } = await scene();
  const [, away] = fleet.nodes;
  if (away) away.sshd.faults.refuseAuth = true;
  const error = await rejection(rotate());
  expect(error).toMatchObject({
    code: 'users-ca-not-everywhere',
    exit: 3,
    message: expect.stringMatching(/ n2: .*accepts the old certificates/),
    hint: expect.stringContaining('up'),
  });
  expect(held().map((sha256) => sha256 === bundle())).toEqual([true, false, true]);
  if (away) away.sshd.faults.refuseAuth = false;
  expect(await restarts()).toEqual([`n2 ${PKI.clientCa}`]);
  expect(held()[1]).toBe(bundle());
});

it('where none answers the exit code is that of a failure', async () => {
  const { fleet, rotate } = await scene();
  for (const { sshd } of fleet.nodes) sshd.faults.refuseAuth = true;
  expect(await rejection(rotate())).toMatchObject({ code: 'users-ca-not-everywhere', exit: 4 });
});

it('is the way out of a lost one, and of a copy of before the last rotation', async () => {
  const { state, file, rotate } = await scene();
  const first = readFileSync(file, 'utf8');
  const opened = async () => (await recordedPki(await recordedCluster(state))).fingerprints();
  await rotate();
  await opened();
  writeFileSync(file, first);
  const revived = { code: 'users-ca-foreign', exit: 5, hint: expect.stringContaining('users rotate-ca') };
  expect(await rejection(opened())).toMatchObject(revived);
  rmSync(file);
  expect(await rejection(opened())).toMatchObject({ ...revived, code: 'users-ca-missing' });
  await rotate();
  await opened();
});
