import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PKI } from '../../src/components/pki-paths.js';
import type { ManifestEntry } from '../../src/delivery/segment.js';
import type { DesiredUnit } from '../../src/node/desired.js';
import type { NodeDifference } from '../../src/plan/diff.js';
import type { PassResult } from '../../src/reconcile/pass.js';
import { judge } from '../../src/reconcile/up-sequence.js';
import { readClusterRecord, writeClusterRecord } from '../../src/state/record-files.js';
import type { FakeNode } from '../helpers/fake-node/fake-node.js';
import { livingCluster, NAMES } from './living-cluster.js';

/*
 * A living cluster as the release before users left it: no CA of theirs in its state, --client-ca-file with the
 * Kubernetes CA alone, which kube-controller-manager read, too.
 */

const API = 'kube-apiserver.service';
const MANAGER = 'kube-controller-manager.service';
const MANAGER_FILE = `/etc/systemd/system/${MANAGER}`;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const filesOf = ({ deliveries }: FakeNode): ManifestEntry[] =>
  deliveries.flatMap(({ segments }) => [...segments.values()].flat());

/** As that release counted what a unit runs with: every input, by what is in it. */
function counted(inputs: readonly string[], files: readonly ManifestEntry[]): string {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const parts = [...inputs].sort().flatMap((path) => {
    const file = byPath.get(path);
    return file ? [`${path} ${file.sha256} ${file.mode.toString(8)}`] : [];
  });
  return sha256(parts.join('\n'));
}

async function beforeUsers() {
  const { fleet, state, up, units } = await livingCluster();
  const record = await readClusterRecord(state);
  if (record?.pki === undefined) throw new Error('nothing was recorded');
  const { usersAuthority: _, ...pki } = record.pki;
  await writeClusterRecord(state, { ...record, pki });
  rmSync(join(state.pki, 'users-ca.pem'));
  const kubernetes = sha256(readFileSync(join(state.pki, 'ca/kubernetes.crt'), 'utf8'));
  const before: Record<string, string> = { [PKI.clientCa]: kubernetes, [MANAGER_FILE]: sha256('older') };
  const inputsOf = (name: string) => units.find((unit: DesiredUnit) => unit.name === name)?.inputs ?? [];
  for (const node of fleet.nodes) {
    const files = filesOf(node);
    for (const file of files) file.sha256 = before[file.path] ?? file.sha256;
    const running = { [API]: counted(inputsOf(API), files), [MANAGER]: counted(inputsOf(MANAGER), files) };
    node.units = { ...node.units, ...running };
  }
  return { fleet, up };
}

/** What was sent is in place, and what was to restart has. */
function settle(node: FakeNode, difference: NodeDifference | undefined): void {
  const sent = new Map(filesOf(node).map((file) => [file.path, file]));
  for (const file of filesOf(node)) Object.assign(file, sent.get(file.path));
  for (const { unit, fingerprint } of difference?.units ?? []) node.units = { ...node.units, [unit.name]: fingerprint };
}

const differences = ({ values }: PassResult) =>
  NAMES.map((name) => {
    const difference = values.of(judge)?.work.get(name)?.difference;
    return {
      files: difference?.files.map(({ file }) => file.path),
      units: difference?.units.map(({ unit, action }) => `${action} ${unit.name}`),
    };
  });

it('gets the CA of users: controller-managers restart, no kube-apiserver does, and a second up has nothing to do', async () => {
  const { fleet, up } = await beforeUsers();
  const first = await up();
  expect(first.reports.flatMap(({ error }) => error ?? [])).toEqual([]);
  const wanted = { files: [PKI.clientCa, MANAGER_FILE].toSorted(), units: [`restart ${MANAGER}`] };
  expect(differences(first).map(({ files = [], units }) => ({ files: files.toSorted(), units }))).toEqual(
    NAMES.map(() => wanted),
  );
  for (const node of fleet.nodes) settle(node, first.values.of(judge)?.work.get(node.name)?.difference);
  expect(differences(await up())).toEqual(NAMES.map(() => ({ files: [], units: [] })));
});
