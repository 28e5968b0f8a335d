import { expect, it } from 'vitest';
import { advanceUpgrade, inStage } from '../../src/app/advance-upgrade.js';
import { type UpgradeRecord, versionsOf, withVersions } from '../../src/config/upgrade-stages.js';
import { readClusterRecord, writeClusterRecord } from '../../src/state/record-files.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { temporaryDirectory } from '../artifacts/fixtures.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';

const spec = sampleSpec();
const from = { ...versionsOf(spec), kubernetes: '1.36.5', etcd: '3.6.16', dnsImage: 'dns:1' };
const to = { ...from, kubernetes: '1.37.2', etcd: '3.7.3', dnsImage: 'dns:2' };
const upgrade: UpgradeRecord = { from, to, stage: 'etcd', nodesAtOnce: 2 };
const record: ClusterRecord = {
  clusterId: 'cafe',
  operator: OPERATOR,
  spec: withVersions(spec, from),
  etcd: { incarnation: 1, phase: 'bootstrapped', token: 't', members: ['s4'], bootIds: {} },
};

async function stateOf(given: ClusterRecord) {
  const state = stateDirAt(temporaryDirectory());
  await writeClusterRecord(state, given);
  return state;
}

it('goes through its stages, each durable, and leaves the record of a cluster with the new versions', async () => {
  const state = await stateOf(inStage({ ...record, upgrade }, 'etcd'));
  const seen: unknown[] = [];
  for (;;) {
    const { spec: now, upgrade: under } = (await readClusterRecord(state)) ?? record;
    seen.push([under?.stage, now.kubernetes, now.etcd, now.addons.dns.image]);
    if ((await advanceUpgrade(state)) === undefined) break;
  }
  expect(seen).toEqual([
    ['etcd', '1.36.5', '3.7.3', 'dns:1'],
    ['kube-apiserver', '1.37.2', '3.7.3', 'dns:2'],
    ['controllers', '1.37.2', '3.7.3', 'dns:2'],
    ['nodes', '1.37.2', '3.7.3', 'dns:2'],
    ['dns', '1.37.2', '3.7.3', 'dns:2'],
    [undefined, '1.37.2', '3.7.3', 'dns:2'],
  ]);
  expect(await readClusterRecord(state)).toMatchObject({ ...record, spec: withVersions(spec, to) });
});

it('leaves a record without one alone', async () => {
  const state = await stateOf(record);
  expect(await advanceUpgrade(state)).toBeUndefined();
  expect(await readClusterRecord(state)).toMatchObject(record);
});
