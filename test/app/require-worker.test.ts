import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ClusterRequest } from '../../src/app/requests.js';
import { requireWorker } from '../../src/app/require-worker.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';

/* A word against a list is found before the node is drained. */

const names = ['s4', 's5', 's6'];
const [first] = sampleSpec().nodes;
if (first === undefined) throw new Error('a cluster has nodes');
const nodes = names.map((name, index) => ({
  ...first,
  name,
  role: 'control-plane' as const,
  ssh: { host: name },
  podCidr: `10.244.${index}.0/24`,
}));
const etcd = { incarnation: 1, phase: 'bootstrapped' as const, token: 't', members: names, bootIds: {} };
const record: ClusterRecord = { clusterId: 'c1', operator: OPERATOR, spec: { ...sampleSpec(), nodes }, etcd };
const asked = (more: Partial<ClusterRequest> = {}) =>
  requireWorker('s6', { newCluster: false, verify: false, ...more }, record);

const config = (yaml: string): string => {
  const path = join(temporaryDirectory(), 'cluster.yaml');
  writeFileSync(path, yaml);
  return path;
};

it('nothing else is asked for, or a list in which it is no control plane', async () => {
  await asked();
  await asked({ hosts: 's4,s5,s6' });
  await asked({ controlPlane: 's4,s5' });
});

it.each<[string, () => Partial<ClusterRequest>]>([
  ['--control-plane', () => ({ controlPlane: 's4,s5,s6' })],
  ['the config file', () => ({ config: config('hosts: [s4, s5, s6]\ncontrolPlane: [s4, s5, s6]\n') })],
])('%s names it', async (_title, more) => {
  expect(await rejection(asked(more()))).toMatchObject({ code: 'demote-contradicts-list', exit: 2 });
});
